-- The example source. `syncer init` built erp.db from it; your own source needs no such file.
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, industry TEXT, phone TEXT, email TEXT);
CREATE TABLE purchase (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER REFERENCES customer,
  ordered_on TEXT NOT NULL,
  total NUMERIC NOT NULL,
  paid BOOLEAN NOT NULL
);
INSERT INTO customer VALUES
  (1, 'Bäckerei Sonnenschein', 'Manufacturing', '+49 30 5550101', 'post@sonnenschein.example'),
  (2, 'Nordwind Logistik', 'Delivery', '+49 40 5550102', NULL),
  (3, 'Café Zoë', NULL, NULL, 'zoe@cafe.example');
INSERT INTO purchase VALUES
  (1001, 1, '2026-02-03', 1250.50, 1),
  (1002, 2, '2026-02-04', 480, 0),
  (1003, 3, '2026-02-05', 0, 0),
  (1004, 1, '2026-02-09', 99.90, 1);
