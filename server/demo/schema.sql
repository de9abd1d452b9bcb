-- The shop that `warded demo` puts Warded in front of. Everything in it is made up.
CREATE SCHEMA shop;
CREATE SCHEMA hr;

CREATE TYPE shop.order_status AS ENUM ('processing', 'packed', 'shipped', 'delivered', 'returned', 'cancelled');

CREATE TABLE shop.customers (
    id            bigint PRIMARY KEY,
    full_name     text NOT NULL,
    email         text NOT NULL UNIQUE,
    phone         text NOT NULL,
    date_of_birth date NOT NULL,
    country       char(2) NOT NULL,
    loyalty_tier  text NOT NULL,
    created_at    timestamptz NOT NULL,
    preferences   jsonb NOT NULL
);
CREATE TABLE shop.addresses (
    id          bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    kind        text NOT NULL,
    street      text NOT NULL,
    city        text NOT NULL,
    postcode    text NOT NULL,
    country     char(2) NOT NULL
);
CREATE TABLE shop.products (
    id       integer PRIMARY KEY,
    sku      text NOT NULL UNIQUE,
    name     text NOT NULL,
    category text NOT NULL,
    price    numeric(10, 2) NOT NULL
);
CREATE TABLE shop.orders (
    id          bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    status      shop.order_status NOT NULL,
    total       numeric(12, 2) NOT NULL,
    placed_at   timestamptz NOT NULL,
    tracking_no text,
    notes       text
);
CREATE TABLE shop.order_items (
    order_id   bigint NOT NULL,
    line       integer NOT NULL,
    product_id integer NOT NULL,
    quantity   integer NOT NULL,
    price      numeric(10, 2) NOT NULL
);
CREATE TABLE shop.payments (
    id          bigint PRIMARY KEY,
    order_id    bigint NOT NULL,
    card_number text,
    card_holder text,
    iban        text,
    amount      numeric(12, 2) NOT NULL,
    currency    char(3) NOT NULL,
    status      text NOT NULL,
    paid_at     timestamptz NOT NULL
);
COMMENT ON TABLE shop.payments IS 'One row a payment: by card or by direct debit.';
-- What an old system left behind: the kind of column that nobody remembers and a scan has to find.
CREATE TABLE shop.payments_legacy (
    ref    text PRIMARY KEY,
    pan    text NOT NULL,
    cvv    text NOT NULL,
    expiry text NOT NULL,
    holder text NOT NULL
);
CREATE TABLE shop.inventory (
    warehouse        text NOT NULL,
    product_id       integer NOT NULL,
    quantity         integer NOT NULL,
    build_id         text NOT NULL,
    firmware_version text NOT NULL,
    counted_at       timestamptz NOT NULL
);
CREATE TABLE shop.support_tickets (
    id          bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    subject     text NOT NULL,
    body        text NOT NULL,
    status      text NOT NULL,
    opened_at   timestamptz NOT NULL
);
CREATE TABLE shop.deployments (
    id          integer PRIMARY KEY,
    service     text NOT NULL,
    version     text NOT NULL,
    build_id    bigint NOT NULL,
    git_sha     char(40) NOT NULL,
    bind_host   text NOT NULL,
    deployed_at timestamptz NOT NULL
);
CREATE TABLE shop.api_keys (
    id         integer PRIMARY KEY,
    partner    text NOT NULL,
    secret     text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE hr.employees (
    id            integer PRIMARY KEY,
    full_name     text NOT NULL,
    email         text NOT NULL,
    phone         text NOT NULL,
    ssn           text NOT NULL,
    date_of_birth date NOT NULL,
    job_title     text NOT NULL,
    salary        numeric(10, 2) NOT NULL,
    bank_account  text NOT NULL,
    manager_id    integer,
    hired_on      date NOT NULL
);
