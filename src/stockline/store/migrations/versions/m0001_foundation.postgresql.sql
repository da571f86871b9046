CREATE SEQUENCE batch_number;

CREATE TABLE action_message (
    item_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    date DATE NOT NULL,
    CONSTRAINT pk_action_message PRIMARY KEY (item_id, line_id)
);

CREATE TABLE answered_request (
    key TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" DEFAULT '' NOT NULL,
    content TEXT NOT NULL,
    answer JSON NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_answered_request PRIMARY KEY (key)
);

CREATE TABLE application (
    item_id BIGINT NOT NULL,
    outbound_id BIGINT NOT NULL,
    inbound_id BIGINT NOT NULL,
    fixed BOOLEAN DEFAULT false NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_application PRIMARY KEY (item_id, outbound_id, inbound_id, fixed)
);

CREATE INDEX ix_application_inbound_id ON application (item_id, inbound_id);

CREATE TABLE characteristic_set (
    item_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    warehouse TEXT COLLATE "C" DEFAULT '' NOT NULL,
    location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    sublot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    version TEXT COLLATE "C" DEFAULT '' NOT NULL,
    status TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    identifier2 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    custom1 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    custom2 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    analysis_request TEXT COLLATE "C" DEFAULT '' NOT NULL,
    owner TEXT COLLATE "C" DEFAULT '' NOT NULL,
    packing_unit TEXT COLLATE "C" DEFAULT '' NOT NULL,
    packing_factor BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_characteristic_set PRIMARY KEY (item_id, id),
    CONSTRAINT uq_characteristic_set UNIQUE (item_id, variant, site_id, warehouse, location, lot, sublot, version, status, package, identifier2, custom1, custom2, analysis_request, owner, packing_unit, packing_factor)
);

CREATE INDEX ix_characteristic_set_lot ON characteristic_set (item_id, variant, site_id, lot) WHERE lot != '';

CREATE INDEX ix_characteristic_set_package ON characteristic_set (item_id, variant, site_id, package) WHERE package != '';

CREATE TABLE counter (
    name TEXT NOT NULL,
    value INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_counter PRIMARY KEY (name)
);

CREATE TABLE extra_link (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    stock_line_id BIGINT NOT NULL,
    CONSTRAINT pk_extra_link PRIMARY KEY (item_id, variant, serial, stock_line_id)
);

CREATE TABLE information_card (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    blocked BOOLEAN DEFAULT false NOT NULL,
    expires DATE,
    description TEXT COLLATE "C" DEFAULT '' NOT NULL,
    CONSTRAINT pk_information_card PRIMARY KEY (item_id, variant, kind, number)
);

CREATE INDEX ix_information_card_blocked ON information_card (item_id) WHERE blocked;

CREATE TABLE item (
    id BIGSERIAL NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" DEFAULT 'PCS' NOT NULL,
    rounding BIGINT DEFAULT '0' NOT NULL,
    tracking JSON NOT NULL,
    planning JSON NOT NULL,
    CONSTRAINT pk_item PRIMARY KEY (id),
    CONSTRAINT uq_item_code UNIQUE (code)
);

CREATE TABLE item_site (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    site_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    revision BIGINT NOT NULL,
    stock_revision BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_item_site PRIMARY KEY (item_id, variant, site_id)
);

CREATE TABLE ledger_entry (
    item_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    line_id BIGINT,
    kind TEXT NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    expires DATE,
    warranty DATE,
    posting_date DATE NOT NULL,
    origin_id BIGINT,
    correction BOOLEAN DEFAULT false NOT NULL,
    entered BIGINT,
    CONSTRAINT pk_ledger_entry PRIMARY KEY (item_id, id)
);

CREATE INDEX ix_ledger_entry_origin_id ON ledger_entry (item_id, origin_id) WHERE origin_id IS NOT NULL;

CREATE TABLE link (
    item_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    status TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    binding TEXT COLLATE "C" DEFAULT '' NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    demand_line_id BIGINT,
    demand_entry_id BIGINT,
    demand_serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    demand_lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    demand_package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    demand_handle BIGINT DEFAULT '0' NOT NULL,
    demand_invoice BIGINT DEFAULT '0' NOT NULL,
    demand_entered BIGINT,
    demand_expires DATE,
    demand_warranty DATE,
    demand_apply_to BIGINT,
    demand_apply_from BIGINT,
    supply_line_id BIGINT,
    supply_entry_id BIGINT,
    supply_serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    supply_lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    supply_package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    supply_handle BIGINT DEFAULT '0' NOT NULL,
    supply_invoice BIGINT DEFAULT '0' NOT NULL,
    supply_entered BIGINT,
    supply_expires DATE,
    supply_warranty DATE,
    supply_apply_to BIGINT,
    supply_apply_from BIGINT,
    CONSTRAINT pk_link PRIMARY KEY (item_id, id)
);

CREATE INDEX ix_link_bound ON link (item_id, demand_line_id, supply_line_id) WHERE binding != '';

CREATE INDEX ix_link_demand_entry ON link (item_id, demand_entry_id, status, quantity) WHERE demand_entry_id IS NOT NULL;

CREATE INDEX ix_link_demand_line ON link (item_id, demand_line_id, demand_serial, demand_lot, demand_package) WHERE demand_line_id IS NOT NULL;

CREATE INDEX ix_link_demand_lot_of_serial ON link (item_id, demand_serial) WHERE demand_serial != '' AND (demand_lot != '' OR demand_package != '');

CREATE INDEX ix_link_empty ON link (item_id) WHERE quantity = 0;

CREATE INDEX ix_link_held_lot ON link (item_id, supply_lot) WHERE supply_entry_id IS NOT NULL AND supply_lot != '';

CREATE INDEX ix_link_held_package ON link (item_id, supply_package) WHERE supply_entry_id IS NOT NULL AND supply_package != '';

CREATE INDEX ix_link_held_serial ON link (item_id, supply_serial) WHERE supply_entry_id IS NOT NULL AND supply_serial != '';

CREATE INDEX ix_link_linked ON link (item_id, variant, site_id) WHERE demand_line_id IS NOT NULL AND (supply_line_id IS NOT NULL OR supply_entry_id IS NOT NULL);

CREATE INDEX ix_link_requested_lot ON link (item_id, demand_lot) WHERE demand_line_id IS NOT NULL AND demand_lot != '';

CREATE INDEX ix_link_requested_package ON link (item_id, demand_package) WHERE demand_line_id IS NOT NULL AND demand_package != '';

CREATE INDEX ix_link_requested_serial ON link (item_id, demand_serial) WHERE demand_line_id IS NOT NULL AND demand_serial != '';

CREATE INDEX ix_link_supply_entry ON link (item_id, supply_entry_id, status, quantity) WHERE supply_entry_id IS NOT NULL;

CREATE INDEX ix_link_supply_line ON link (item_id, supply_line_id, supply_serial, supply_lot, supply_package) WHERE supply_line_id IS NOT NULL;

CREATE INDEX ix_link_supply_lot_of_serial ON link (item_id, supply_serial) WHERE supply_serial != '' AND (supply_lot != '' OR supply_package != '');

CREATE TABLE number_date (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    expires DATE,
    entry_id BIGINT NOT NULL,
    changed BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_number_date PRIMARY KEY (item_id, variant, kind, number)
);

CREATE TABLE number_series (
    code TEXT COLLATE "C" NOT NULL,
    last TEXT COLLATE "C" DEFAULT '' NOT NULL,
    CONSTRAINT pk_number_series PRIMARY KEY (code)
);

CREATE TABLE open_entry (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    site_id BIGINT NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    package TEXT COLLATE "C" NOT NULL,
    posting_date DATE NOT NULL,
    entry_id BIGINT NOT NULL,
    remaining BIGINT DEFAULT '0' NOT NULL,
    carried_serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    carried_lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    carried_package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    CONSTRAINT pk_open_entry PRIMARY KEY (item_id, variant, serial, site_id, lot, package, posting_date, entry_id)
);

CREATE INDEX ix_open_entry_carried_lot ON open_entry (item_id, variant, site_id, carried_lot) WHERE serial = '' AND carried_lot != '';

CREATE INDEX ix_open_entry_carried_package ON open_entry (item_id, variant, site_id, carried_package) WHERE serial = '' AND carried_package != '';

CREATE INDEX ix_open_entry_carried_serial ON open_entry (item_id, variant, site_id, carried_serial) WHERE serial = '' AND carried_serial != '';

CREATE INDEX ix_open_entry_short ON open_entry (item_id) WHERE remaining <= 0;

CREATE TABLE posting (
    id BIGINT NOT NULL,
    kind TEXT COLLATE "C" DEFAULT '' NOT NULL,
    posting_date DATE NOT NULL,
    posted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_posting PRIMARY KEY (id)
);

CREATE TABLE posting_line (
    item_id BIGINT NOT NULL,
    posting_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    handled BIGINT DEFAULT '0' NOT NULL,
    invoiced BIGINT DEFAULT '0' NOT NULL,
    undone_id BIGINT,
    CONSTRAINT pk_posting_line PRIMARY KEY (item_id, posting_id, line_id)
);

CREATE INDEX ix_posting_line_line_id ON posting_line (line_id);

CREATE INDEX ix_posting_line_posting_id ON posting_line (posting_id);

CREATE TABLE renumbering (
    item_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    package TEXT COLLATE "C" NOT NULL,
    new_serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    new_lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    new_package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    dated BOOLEAN DEFAULT false NOT NULL,
    new_expires DATE,
    stock_line_id BIGINT,
    CONSTRAINT pk_renumbering PRIMARY KEY (item_id, line_id, serial, lot, package)
);

CREATE TABLE resync_change (
    item_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    action TEXT COLLATE "C" DEFAULT '' NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    from_line BIGINT,
    to_line BIGINT,
    reason TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_resync_change PRIMARY KEY (item_id, run_id, position)
);

CREATE INDEX ix_resync_change_serial ON resync_change (item_id, variant, serial);

CREATE TABLE resync_draft (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    site_id BIGINT NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    removed JSON NOT NULL,
    added BIGINT,
    links JSON NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    sublot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    version TEXT COLLATE "C" DEFAULT '' NOT NULL,
    last_direction SMALLINT DEFAULT '0' NOT NULL,
    last_set_id BIGINT,
    last_batch_id BIGINT,
    CONSTRAINT pk_resync_draft PRIMARY KEY (item_id, variant, site_id, person, serial)
);

CREATE TABLE resync_draft_line (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    site_id BIGINT NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    stock_line_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    serials INTEGER NOT NULL,
    digest BIGINT NOT NULL,
    CONSTRAINT pk_resync_draft_line PRIMARY KEY (item_id, variant, site_id, person, stock_line_id)
);

CREATE TABLE resync_figure (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    site_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    serials_before INTEGER NOT NULL,
    serials_after INTEGER NOT NULL,
    first_run_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT pk_resync_figure PRIMARY KEY (item_id, variant, site_id, run_id)
);

CREATE TABLE resync_follow (
    item_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    from_line BIGINT NOT NULL,
    to_line BIGINT NOT NULL,
    CONSTRAINT pk_resync_follow PRIMARY KEY (item_id, run_id, variant, serial, from_line)
);

CREATE TABLE resync_left (
    item_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    cause TEXT COLLATE "C" DEFAULT '' NOT NULL,
    message TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lines JSON NOT NULL,
    serials JSON NOT NULL,
    plans JSON NOT NULL,
    CONSTRAINT pk_resync_left PRIMARY KEY (item_id, run_id, position)
);

CREATE TABLE resync_line (
    item_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    stock_line_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    serials_before INTEGER NOT NULL,
    serials_after INTEGER NOT NULL,
    CONSTRAINT pk_resync_line PRIMARY KEY (item_id, run_id, stock_line_id)
);

CREATE TABLE resync_run (
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    person TEXT COLLATE "C" DEFAULT '' NOT NULL,
    stated_reason TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site TEXT COLLATE "C" DEFAULT '' NOT NULL,
    first_item TEXT COLLATE "C" DEFAULT '' NOT NULL,
    last_item TEXT COLLATE "C" DEFAULT '' NOT NULL,
    state TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    items_found INTEGER DEFAULT '0' NOT NULL,
    items_done INTEGER DEFAULT '0' NOT NULL,
    cases_found INTEGER DEFAULT '0' NOT NULL,
    cases_done INTEGER DEFAULT '0' NOT NULL,
    lines_read INTEGER DEFAULT '0' NOT NULL,
    serials_read INTEGER DEFAULT '0' NOT NULL,
    seconds FLOAT DEFAULT '0' NOT NULL,
    undoes BIGINT,
    CONSTRAINT pk_resync_run PRIMARY KEY (id)
);

CREATE TABLE resync_serial (
    item_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    place BIGINT,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    sublot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    version TEXT COLLATE "C" DEFAULT '' NOT NULL,
    stock_line_id BIGINT,
    last_direction SMALLINT DEFAULT '0' NOT NULL,
    last_set_id BIGINT,
    last_batch_id BIGINT,
    last_date DATE,
    CONSTRAINT pk_resync_serial PRIMARY KEY (item_id, run_id, variant, serial)
);

CREATE TABLE serial (
    item_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    sublot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    version TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT,
    stock_line_id BIGINT,
    last_direction SMALLINT DEFAULT '0' NOT NULL,
    last_set_id BIGINT,
    last_batch_id BIGINT,
    last_date DATE,
    CONSTRAINT pk_serial PRIMARY KEY (item_id, variant, serial)
);

CREATE INDEX ix_serial_link ON serial (item_id, stock_line_id, last_set_id, lot, variant) WHERE stock_line_id IS NOT NULL;

CREATE INDEX ix_serial_lost ON serial (item_id) WHERE stock_line_id IS NULL AND last_direction > 0;

CREATE INDEX ix_serial_particular ON serial (item_id) WHERE CASE WHEN (stock_line_id IS NOT NULL AND (last_direction < 0 OR sublot != '' OR version != '')) THEN 1 ELSE 0 END = 1;

CREATE TABLE site (
    id BIGSERIAL NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    in_transit BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_site PRIMARY KEY (id),
    CONSTRAINT uq_site_code UNIQUE (code)
);

CREATE TABLE source_line (
    item_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    document_id BIGINT NOT NULL,
    type TEXT COLLATE "C" DEFAULT '' NOT NULL,
    direction SMALLINT DEFAULT '0' NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    to_site_id BIGINT,
    to_location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    unit TEXT COLLATE "C" DEFAULT '' NOT NULL,
    factor TEXT DEFAULT '1' NOT NULL,
    unit_quantity BIGINT DEFAULT '0' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    handled BIGINT DEFAULT '0' NOT NULL,
    invoiced BIGINT DEFAULT '0' NOT NULL,
    date DATE NOT NULL,
    reserve TEXT COLLATE "C" DEFAULT '' NOT NULL,
    CONSTRAINT pk_source_line PRIMARY KEY (item_id, id)
);

CREATE INDEX ix_source_line_document_id ON source_line (document_id);

CREATE TABLE staged_application (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    other_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_staged_application PRIMARY KEY (item_id, batch_id, entry_id, other_id)
);

CREATE TABLE staged_count (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    row BIGINT NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_staged_count PRIMARY KEY (item_id, batch_id, row)
);

CREATE TABLE staged_line (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    own SMALLINT NOT NULL,
    ledger_line_id BIGINT,
    wave SMALLINT DEFAULT '0' NOT NULL,
    sign SMALLINT DEFAULT '0' NOT NULL,
    kind TEXT COLLATE "C" DEFAULT '' NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    invoice BIGINT DEFAULT '0' NOT NULL,
    first_entry BIGINT NOT NULL,
    last_entry BIGINT NOT NULL,
    first_place BIGINT,
    first_undone BIGINT,
    numbered SMALLINT DEFAULT '0' NOT NULL,
    cut SMALLINT DEFAULT '0' NOT NULL,
    linked SMALLINT DEFAULT '0' NOT NULL,
    requires_serial SMALLINT DEFAULT '0' NOT NULL,
    requires_lot SMALLINT DEFAULT '0' NOT NULL,
    requires_package SMALLINT DEFAULT '0' NOT NULL,
    steers_serial SMALLINT DEFAULT '0' NOT NULL,
    steers_lot SMALLINT DEFAULT '0' NOT NULL,
    steers_package SMALLINT DEFAULT '0' NOT NULL,
    may_go_negative SMALLINT DEFAULT '0' NOT NULL,
    renumbers SMALLINT DEFAULT '0' NOT NULL,
    apply_to BIGINT,
    expires_by_default DATE,
    warranty_by_default DATE,
    keeps_expired SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_staged_line PRIMARY KEY (item_id, batch_id, line_id, own)
);

CREATE TABLE staged_line_found (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    row BIGINT NOT NULL,
    stock_line_id BIGINT NOT NULL,
    known SMALLINT DEFAULT '0' NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    warehouse TEXT COLLATE "C" DEFAULT '' NOT NULL,
    location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    sublot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    version TEXT COLLATE "C" DEFAULT '' NOT NULL,
    status TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    identifier2 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    custom1 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    custom2 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    analysis_request TEXT COLLATE "C" DEFAULT '' NOT NULL,
    owner TEXT COLLATE "C" DEFAULT '' NOT NULL,
    packing_unit TEXT COLLATE "C" DEFAULT '' NOT NULL,
    packing_factor BIGINT DEFAULT '0' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_staged_line_found PRIMARY KEY (item_id, batch_id, row)
);

CREATE TABLE staged_move (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    row BIGINT NOT NULL,
    stock_line_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    warehouse TEXT COLLATE "C" DEFAULT '' NOT NULL,
    location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    sublot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    version TEXT COLLATE "C" DEFAULT '' NOT NULL,
    status TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    identifier2 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    custom1 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    custom2 TEXT COLLATE "C" DEFAULT '' NOT NULL,
    analysis_request TEXT COLLATE "C" DEFAULT '' NOT NULL,
    owner TEXT COLLATE "C" DEFAULT '' NOT NULL,
    packing_unit TEXT COLLATE "C" DEFAULT '' NOT NULL,
    packing_factor BIGINT DEFAULT '0' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    set_id BIGINT,
    to_line_id BIGINT,
    CONSTRAINT pk_staged_move PRIMARY KEY (item_id, batch_id, row)
);

CREATE TABLE staged_moved_serial (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    row BIGINT NOT NULL,
    left_set_id BIGINT,
    CONSTRAINT pk_staged_moved_serial PRIMARY KEY (item_id, batch_id, variant, serial, row)
);

CREATE TABLE staged_reservation_found (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    row BIGINT NOT NULL,
    line_id BIGINT,
    document TEXT COLLATE "C" DEFAULT '' NOT NULL,
    kind TEXT COLLATE "C" DEFAULT '' NOT NULL,
    place BIGINT NOT NULL,
    turn SMALLINT DEFAULT '0' NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    asked_serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    asked_lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    asked_package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    date DATE,
    CONSTRAINT pk_staged_reservation_found PRIMARY KEY (item_id, batch_id, row)
);

CREATE TABLE staged_resync (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    place BIGINT,
    CONSTRAINT pk_staged_resync PRIMARY KEY (item_id, batch_id, variant, serial)
);

CREATE TABLE staged_serial_found (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    row BIGINT NOT NULL,
    known SMALLINT DEFAULT '0' NOT NULL,
    main SMALLINT DEFAULT '0' NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    stock_line_id BIGINT,
    site_id BIGINT,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    sublot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    version TEXT COLLATE "C" DEFAULT '' NOT NULL,
    steers_serial SMALLINT DEFAULT '0' NOT NULL,
    last_direction SMALLINT DEFAULT '0' NOT NULL,
    last_site_id BIGINT,
    last_location TEXT COLLATE "C" DEFAULT '' NOT NULL,
    last_lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    last_package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    last_date DATE,
    CONSTRAINT pk_staged_serial_found PRIMARY KEY (item_id, batch_id, row)
);

CREATE TABLE staged_split (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    target BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_staged_split PRIMARY KEY (item_id, batch_id, link_id, target)
);

CREATE TABLE staged_stock (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    variant TEXT COLLATE "C" NOT NULL,
    site_id BIGINT NOT NULL,
    location TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    package TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    set_id BIGINT,
    stock_line_id BIGINT,
    CONSTRAINT pk_staged_stock PRIMARY KEY (item_id, batch_id, variant, site_id, location, lot, package)
);

CREATE TABLE staged_take (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    stock_line_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_staged_take PRIMARY KEY (item_id, batch_id, entry_id, stock_line_id)
);

CREATE TABLE staged_turn (
    item_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    package TEXT COLLATE "C" NOT NULL,
    upto BIGINT NOT NULL,
    id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_staged_turn PRIMARY KEY (item_id, batch_id, line_id, serial, lot, package, upto)
);

CREATE TABLE stock_line (
    item_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    set_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    twin BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_stock_line PRIMARY KEY (item_id, id)
);

CREATE INDEX ix_stock_line_below ON stock_line (item_id, quantity) WHERE quantity < 0;

CREATE INDEX ix_stock_line_id ON stock_line (id);

CREATE INDEX ix_stock_line_twin ON stock_line (item_id) WHERE twin IS true;

CREATE UNIQUE INDEX uq_stock_line_open ON stock_line (item_id, set_id) WHERE quantity != 0 AND NOT twin;

CREATE TABLE tracking_specification (
    item_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    invoiced BIGINT DEFAULT '0' NOT NULL,
    to_invoice BIGINT,
    CONSTRAINT pk_tracking_specification PRIMARY KEY (item_id, line_id, entry_id)
);

CREATE INDEX ix_tracking_specification_to_invoice ON tracking_specification (item_id, line_id) WHERE to_invoice IS NOT NULL;

CREATE TABLE tracking_window (
    item_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    opened_by TEXT COLLATE "C" DEFAULT '' NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    touched_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revision BIGINT NOT NULL,
    last_row BIGINT NOT NULL,
    step BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    tracked_quantity BIGINT NOT NULL,
    tracked_handle BIGINT NOT NULL,
    tracked_invoice BIGINT NOT NULL,
    tracked_handled BIGINT NOT NULL,
    tracked_rows BIGINT NOT NULL,
    variant TEXT COLLATE "C" DEFAULT '' NOT NULL,
    site_id BIGINT NOT NULL,
    unit TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    handled BIGINT DEFAULT '0' NOT NULL,
    invoiced BIGINT DEFAULT '0' NOT NULL,
    date DATE NOT NULL,
    CONSTRAINT pk_tracking_window PRIMARY KEY (item_id, id)
);

CREATE INDEX ix_tracking_window_id ON tracking_window (id);

CREATE UNIQUE INDEX uq_tracking_window_line_id ON tracking_window (item_id, line_id);

CREATE TABLE window_entry (
    item_id BIGINT NOT NULL,
    window_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    status TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    expires DATE,
    warranty DATE,
    partner_date DATE,
    CONSTRAINT pk_window_entry PRIMARY KEY (item_id, window_id, link_id)
);

CREATE TABLE window_row (
    item_id BIGINT NOT NULL,
    window_id BIGINT NOT NULL,
    row BIGINT NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    handle BIGINT,
    invoice BIGINT,
    handled BIGINT DEFAULT '0' NOT NULL,
    invoiced BIGINT DEFAULT '0' NOT NULL,
    expires DATE,
    warranty DATE,
    apply_to BIGINT,
    apply_from BIGINT,
    new_serial TEXT COLLATE "C",
    new_lot TEXT COLLATE "C",
    new_package TEXT COLLATE "C",
    dated BOOLEAN DEFAULT false NOT NULL,
    new_expires DATE,
    refusal TEXT COLLATE "C" DEFAULT '' NOT NULL,
    message TEXT COLLATE "C" DEFAULT '' NOT NULL,
    given TEXT COLLATE "C" DEFAULT '' NOT NULL,
    revision BIGINT,
    CONSTRAINT pk_window_row PRIMARY KEY (item_id, window_id, row)
);

CREATE INDEX ix_window_row_number ON window_row (item_id, window_id, serial, lot, package) WHERE revision IS NOT NULL;

CREATE TABLE window_step (
    item_id BIGINT NOT NULL,
    window_id BIGINT NOT NULL,
    step BIGINT NOT NULL,
    row BIGINT NOT NULL,
    present SMALLINT DEFAULT '0' NOT NULL,
    serial TEXT COLLATE "C" DEFAULT '' NOT NULL,
    lot TEXT COLLATE "C" DEFAULT '' NOT NULL,
    package TEXT COLLATE "C" DEFAULT '' NOT NULL,
    quantity BIGINT DEFAULT '0' NOT NULL,
    handle BIGINT,
    invoice BIGINT,
    handled BIGINT DEFAULT '0' NOT NULL,
    invoiced BIGINT DEFAULT '0' NOT NULL,
    expires DATE,
    warranty DATE,
    apply_to BIGINT,
    apply_from BIGINT,
    new_serial TEXT COLLATE "C",
    new_lot TEXT COLLATE "C",
    new_package TEXT COLLATE "C",
    dated BOOLEAN DEFAULT false NOT NULL,
    new_expires DATE,
    refusal TEXT COLLATE "C" DEFAULT '' NOT NULL,
    message TEXT COLLATE "C" DEFAULT '' NOT NULL,
    given TEXT COLLATE "C" DEFAULT '' NOT NULL,
    revision BIGINT,
    CONSTRAINT pk_window_step PRIMARY KEY (item_id, window_id, step, row)
);

CREATE TABLE document (
    id BIGSERIAL NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" DEFAULT '' NOT NULL,
    party TEXT COLLATE "C" DEFAULT '' NOT NULL,
    in_transit_site_id BIGINT,
    deleted BOOLEAN DEFAULT false NOT NULL,
    loaded BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_document PRIMARY KEY (id),
    CONSTRAINT fk_document_in_transit_site_id FOREIGN KEY(in_transit_site_id) REFERENCES site (id)
);

CREATE INDEX ix_document_code ON document (code);

CREATE UNIQUE INDEX uq_document_code ON document (code) WHERE NOT deleted;

CREATE TABLE item_unit (
    item_id BIGINT NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    factor TEXT NOT NULL,
    CONSTRAINT pk_item_unit PRIMARY KEY (item_id, unit),
    CONSTRAINT fk_item_unit_item_id FOREIGN KEY(item_id) REFERENCES item (id)
);

CREATE TABLE location (
    site_id BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" DEFAULT '' NOT NULL,
    CONSTRAINT pk_location PRIMARY KEY (site_id, code),
    CONSTRAINT fk_location_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE TABLE variant (
    item_id BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_variant PRIMARY KEY (item_id, code),
    CONSTRAINT fk_variant_item_id FOREIGN KEY(item_id) REFERENCES item (id)
);

CREATE TABLE warehouse (
    site_id BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_warehouse PRIMARY KEY (site_id, code),
    CONSTRAINT fk_warehouse_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

ALTER TABLE link ALTER COLUMN item_id SET STATISTICS 0;

ALTER TABLE link ALTER COLUMN status SET STATISTICS 0;

ALTER TABLE link ALTER COLUMN demand_line_id SET STATISTICS 0;

ALTER TABLE link ALTER COLUMN supply_line_id SET STATISTICS 0;

ALTER TABLE link ALTER COLUMN demand_entry_id SET STATISTICS 0;

ALTER TABLE link ALTER COLUMN supply_entry_id SET STATISTICS 0;

ALTER TABLE staged_application SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_count SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_line SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_line_found SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_move SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_moved_serial SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_reservation_found SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_resync SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_serial_found SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_split SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_stock SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_take SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE staged_turn SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);

ALTER TABLE window_row SET (autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);
