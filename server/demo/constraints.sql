-- After the load: keys, indexes, views. The load is faster without them.
ALTER TABLE shop.addresses ADD FOREIGN KEY (customer_id) REFERENCES shop.customers ON DELETE CASCADE;
ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE shop.order_items ADD PRIMARY KEY (order_id, line);
ALTER TABLE shop.order_items ADD FOREIGN KEY (order_id) REFERENCES shop.orders ON DELETE CASCADE;
ALTER TABLE shop.order_items ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.payments ADD FOREIGN KEY (order_id) REFERENCES shop.orders;
ALTER TABLE shop.inventory ADD PRIMARY KEY (warehouse, product_id);
ALTER TABLE shop.inventory ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.support_tickets ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE hr.employees ADD FOREIGN KEY (manager_id) REFERENCES hr.employees;
CREATE INDEX ON shop.addresses (customer_id);
CREATE INDEX ON shop.orders (customer_id);
CREATE INDEX ON shop.payments (order_id);
CREATE INDEX ON shop.support_tickets (customer_id);

CREATE VIEW shop.customer_overview AS
SELECT c.id,
       c.full_name,
       c.email,
       c.full_name || ' <' || c.email || '>' AS contact,
       c.country,
       count(o.id)                           AS orders,
       coalesce(sum(o.total), 0)             AS spent
FROM shop.customers c
LEFT JOIN shop.orders o ON o.customer_id = c.id
GROUP BY c.id;

CREATE VIEW shop.revenue_by_country AS
SELECT c.country, count(*) AS orders, sum(o.total) AS revenue
FROM shop.orders o
JOIN shop.customers c ON c.id = o.customer_id
WHERE o.status <> 'cancelled'
GROUP BY c.country;

ANALYZE;
