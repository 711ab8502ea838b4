-- A small ERP as companies really have them: UTF-8 names, NULLs, several phones, and rows that are wrong:
-- order 5010 has a decimal comma, 5011 is of a customer who is gone. `make demo` builds erp.db from it.
CREATE TABLE customer (
  customer_no TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  industry    TEXT,
  website     TEXT,
  phone       TEXT,
  employees   INTEGER,
  note        TEXT
);
CREATE TABLE person (
  person_id   INTEGER PRIMARY KEY,
  customer_no TEXT REFERENCES customer,
  first_name  TEXT,
  last_name   TEXT,
  job         TEXT,
  born        DATE,
  phone_work  TEXT,
  phone_mobile TEXT,
  email_work  TEXT,
  email_home  TEXT
);
CREATE TABLE sales_order (
  order_no    INTEGER PRIMARY KEY,
  customer_no TEXT,
  person_id   INTEGER,
  subject     TEXT,
  ordered_on  DATE NOT NULL,
  due_on      DATE,
  amount      TEXT NOT NULL,   -- the ERP stores text: one clerk typed a comma
  currency    TEXT NOT NULL,
  state       TEXT NOT NULL
);

INSERT INTO customer VALUES
  ('C-0001', 'Alpenblick Käserei GmbH',      'Manufacturing', 'https://alpenblick.example',  '+49 8321 555-010', 45,   NULL),
  ('C-0002', 'Øresund Windkraft A/S',        'Manufacturing', 'https://oresund.example',     '+45 33 55 01 20',  230,  'Pays on time & always in EUR'),
  ('C-0003', 'ООО «Северный путь»',          'Delivery',      NULL,                          '+7 (812) 555-01-30', 12, 'Документы — только по почте'),
  ('C-0004', 'Café Zoë',                     NULL,            NULL,                          NULL,               NULL, NULL),
  ('C-0005', '株式会社 青空',                 'IT',            'https://aozora.example',      '+81 3-5550-0150',  80,   '日本語でのみ連絡'),
  ('C-0006', 'O''Brien & Sons "Timber" Ltd', 'Manufacturing', 'https://obrien.example',      '+353 1 555 0160',  18,   '100% oak; price list $result[0][id] attached'),
  ('C-0007', 'Łódzka Fabryka Nici',          'Manufacturing', NULL,                          '(42) 555 01 70',   140,  NULL),
  ('C-0008', 'Smile 😀 Dental',              'Consulting',    'https://smile.example/?a=1&b=2', '+1 212 555 0180 ext. 12', 6, NULL);

INSERT INTO person VALUES
  (1,  'C-0001', 'Jürgen',    'Groß',       'Managing director', '1968-04-02', '+49 8321 555-011', '+49 171 555 0011', 'j.gross@alpenblick.example', NULL),
  (2,  'C-0001', 'Anneliese', 'Ähm',        'Purchasing',        NULL,         '+49 8321 555-012', NULL,               'a.aehm@alpenblick.example', 'anneliese@example.org'),
  (3,  'C-0002', 'Søren',     'Ågård',      'CTO',               '1980-12-31', '+45 33 55 01 21',  '+45 20 55 01 21',  'soren@oresund.example', NULL),
  (4,  'C-0003', 'Ольга',     'Щербакова',  'Логистика',         '1975-02-28', '+7 (812) 555-01-31', '+7 921 555-01-31', 'olga@sever.example', 'olga.s@example.org'),
  (5,  'C-0004', 'Zoë',       NULL,         NULL,                NULL,         NULL,               NULL,               NULL, 'zoe@example.org'),
  (6,  'C-0005', '陽子',       '青山',        '営業部長',            '1990-07-07', '+81 3-5550-0151',  NULL,               'aoyama@aozora.example', NULL),
  (7,  'C-0006', 'Siobhán',   'O''Brien',   'Owner',             NULL,         '+353 1 555 0161',  '+353 87 555 0161', 'siobhan@obrien.example', NULL),
  (8,  'C-0007', 'Zażółć',    'Gęśla-Jaźń', 'Prezes',            '1961-11-11', '(42) 555 01 71',   NULL,               NULL, NULL),
  (9,  'C-0008', 'Ana María', 'Núñez',      'Dentist',           '1988-03-29', '+1 212 555 0180',  '+1 917 555 0181',  'ana@smile.example', 'ana.nunez@example.org'),
  (10, NULL,     'Freelance', 'Consultant', 'Broker',            NULL,         NULL,               '+44 7700 900123',  'broker@example.org', NULL);

INSERT INTO sales_order VALUES
  (5001, 'C-0001', 1,    'Copper kettles, 2 pcs',      '2026-08-03', '2026-09-15', '12400.50', 'EUR', 'done'),
  (5002, 'C-0001', 2,    'Spare parts',                '2026-08-19', NULL,         '310.00',   'EUR', 'open'),
  (5003, 'C-0002', 3,    'Gearbox inspection',         '2026-09-01', '2026-12-01', '98000',    'EUR', 'open'),
  (5004, 'C-0003', 4,    'Перевозка СПб — Мурманск',   '2026-09-07', '2026-09-20', '185000.00','RUB', 'lost'),
  (5005, 'C-0004', 5,    NULL,                         '2026-09-09', NULL,         '0.00',     'EUR', 'open'),
  (5006, 'C-0005', 6,    '在庫管理システム',              '2026-09-12', '2027-03-31', '56000.00', 'USD', 'open'),
  (5007, 'C-0006', 7,    'Oak boards 50%/50%',         '2026-10-01', '2026-10-31', '7312.99',  'EUR', 'done'),
  (5008, 'C-0007', 8,    'Cotton thread',              '2026-10-05', NULL,         '1990.10',  'EUR', 'open'),
  (5009, 'C-0008', 9,    'Chair + lamp',               '2026-10-11', '2026-11-30', '4800',     'USD', 'open'),
  (5010, 'C-0008', NULL, 'Annual service',             '2026-10-12', NULL,         '1250,00',  'USD', 'open'),
  (5011, 'C-0099', NULL, 'Order of a deleted customer','2026-10-15', NULL,         '99.00',    'EUR', 'open'),
  (5012, 'C-0002', 3,    'Draft, not for the CRM',     '2026-10-20', NULL,         '1.00',     'EUR', 'draft');
