-- Rows that fill every field: in each table the first row has a value for everything, the second one for its key and
-- name alone. `python specs/types/build.py` makes types.db of it.
CREATE TABLE account (
  account_no TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT, industry TEXT, staff TEXT, currency TEXT, revenue NUMERIC,
  is_public INTEGER, is_own INTEGER, bank TEXT, note TEXT, manager TEXT, observer TEXT, second_observer TEXT,
  version TEXT, pipeline TEXT, vat_no TEXT, site TEXT, second_site TEXT, segment TEXT, phone TEXT, fax TEXT, email TEXT,
  web TEXT, messenger TEXT, link TEXT, campaign TEXT
);
INSERT INTO account VALUES
 ('A-1', 'Bergmann Werkzeugbau GmbH', 'Supplier', 'Manufacturing', '50-250', 'EUR', 1250000.75,
  0, 0, 'IBAN DE02 1203 0000 0000 2020 51', '[b]Key account[/b]: delivers to gate 4', 'maria.lopez@example.com',
  'john.smith@example.com', 'ivan.petrov@example.com',
  'r7', 'General', 'DE811234567', 'https://bergmann.example/shop', 'bergmann.example/career', 'Medium',
  '+49 30 5550-100', '+49 30 5550-109', 'post@bergmann.example', 'https://bergmann.example', '@bergmann', '4', 'spring'),
 ('A-2', 'Northern Lights Ltd', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 ('OWN-1', 'Our Own Works', NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE person (
  person_no INTEGER PRIMARY KEY, first_name TEXT, middle_name TEXT, last_name TEXT NOT NULL, salutation TEXT, born DATE,
  kind TEXT, source TEXT, source_note TEXT, job TEXT, note TEXT, is_public INTEGER, may_export INTEGER, manager TEXT,
  account_no TEXT, second_account_no TEXT, lead_no INTEGER, version TEXT, observer TEXT, form INTEGER, pipeline TEXT,
  passport TEXT, language TEXT, second_language TEXT, deputy TEXT, phone TEXT, mobile TEXT, email TEXT, web TEXT,
  messenger TEXT, campaign TEXT
);
INSERT INTO person VALUES
 (1, 'Zoë', 'Maria', 'O''Neill', 'Dr.', '1984-02-29', 'Suppliers', 'Show/Exhibition', 'Hall 3, booth 12', 'Head of purchasing',
  'Calls back on Fridays', 0, 0, 'maria.lopez@example.com', 'A-1', 'A-2', 1, '2024-11', 'john.smith@example.com', 3,
  'General', 'C01X00T47', 'English', 'German', 'ivan.petrov@example.com', '+49 30 5550-101', '+49 171 5550101',
  'zoe@bergmann.example', 'https://zoe.example', '@zoe', 'spring'),
 (2, NULL, NULL, 'Li', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE inquiry (
  inquiry_no INTEGER PRIMARY KEY, title TEXT NOT NULL, salutation TEXT, first_name TEXT, middle_name TEXT, last_name TEXT,
  born DATE, company TEXT, job TEXT, source TEXT, source_note TEXT, stage TEXT, stage_note TEXT, currency TEXT,
  amount NUMERIC, is_fixed INTEGER, is_public INTEGER, note TEXT, manager TEXT, account_no TEXT, person_no INTEGER,
  second_person_no INTEGER, form INTEGER, observer TEXT, delivery_no TEXT, campaign_note TEXT, erp_key TEXT, seats INTEGER,
  phone TEXT, email TEXT, web TEXT, messenger TEXT, campaign TEXT
);
INSERT INTO inquiry VALUES
 (1, 'Milling machine, used', 'Mrs.', 'Ana', 'Luísa', 'Ferreira', '1990-12-31', 'Ferreira & Filhos', 'Owner', 'Website',
  'Form on the landing page', 'In progress', 'Waits for photos', 'EUR', 18500.5, 1, 0, 'Wants [i]two[/i] machines',
  'maria.lopez@example.com', 'A-1', 1, 2, 7, 'john.smith@example.com', 'D-1', 'Spring fair', 'L-0001', 12,
  '+351 21 555 0100', 'ana@ferreira.example', 'https://ferreira.example', '@ferreira', 'spring'),
 (2, 'Call from Oslo', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE sale (
  sale_no INTEGER PRIMARY KEY, title TEXT NOT NULL, kind TEXT, pipeline TEXT, stage TEXT, is_template INTEGER,
  chance INTEGER, currency TEXT, amount NUMERIC, tax NUMERIC, is_fixed INTEGER, account_no TEXT, person_no INTEGER,
  second_person_no INTEGER, offer_no TEXT, inquiry_no INTEGER, begun DATE, due DATE, is_public INTEGER, note TEXT,
  manager TEXT, observer TEXT, second_observer TEXT, source TEXT, source_note TEXT, more TEXT, place TEXT, delivery_no TEXT,
  discount NUMERIC, paid_on DATE, terms TEXT, deposit NUMERIC, is_urgent INTEGER, pick_up TEXT, campaign TEXT
);
INSERT INTO sale VALUES
 (1, 'Two milling machines', 'Goods', 'Wholesale', 'Won', 1, 99, 'EUR', 37001.25, 7030.24, 1, 'A-1', 1, 2, 'O-1', 1,
  '2024-02-29', '2024-12-31', 0, 'First line' || char(10) || 'second line', 'maria.lopez@example.com',
  'john.smith@example.com', 'ivan.petrov@example.com', 'Existing client', 'Called again', 'PO 4711', '123', 'D-1', 12.5,
  '2025-03-30', 'FOB', 2500, 1, '2024-12-31T06:30:00+01:00', 'spring'),
 (2, 'Spare parts', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE offer (
  offer_no TEXT PRIMARY KEY, title TEXT NOT NULL, manager TEXT, is_public INTEGER, body TEXT, terms TEXT, note TEXT,
  sale_no INTEGER, inquiry_no INTEGER, storage INTEGER, stored_file INTEGER, second_stored_file INTEGER, form INTEGER,
  account_no TEXT, person_no INTEGER, second_person_no INTEGER, place TEXT, currency TEXT, is_fixed INTEGER, amount NUMERIC,
  tax NUMERIC, stage TEXT, begun DATE, valid_to DATE, checked_on DATE, own_no TEXT, delivered_on DATE, campaign TEXT
);
INSERT INTO offer VALUES
 ('O-1', 'Offer: two milling machines', 'maria.lopez@example.com', 0, 'Two machines, used, overhauled', '30 days net',
  'Valid until the fair', 1, 1, 2, 11, 12, 7, 'A-1', 1, 2, '123', 'EUR', 1, 37001.25, 7030.24, 'Accepted', '2024-02-01',
  '2024-02-28', '2024-02-15', 'OWN-1', '2024-03-31', 'spring'),
 ('O-2', 'Offer: spare parts', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE bill (
  bill_no TEXT PRIMARY KEY, title TEXT NOT NULL, manager TEXT, is_public INTEGER, form INTEGER, billed_on DATE, due DATE,
  account_no TEXT, person_no INTEGER, second_person_no INTEGER, observer TEXT, stage TEXT, source TEXT, source_note TEXT,
  currency TEXT, is_fixed INTEGER, amount NUMERIC, tax NUMERIC, own_no TEXT, note TEXT, place TEXT, sale_no INTEGER,
  offer_no TEXT, order_no TEXT, penalty NUMERIC
);
INSERT INTO bill VALUES
 ('B-2024/1', 'Invoice 2024/1', 'maria.lopez@example.com', 0, 7, '2024-12-31', '2025-01-30', 'A-1', 1, 2,
  'john.smith@example.com', 'Paid', 'E-mail', 'By mail', 'EUR', 1, 37001.25, 7030.24, 'OWN-1', 'Thank you', '123', 1, 'O-1',
  'PO 4711', 12.34),
 ('B-2024/2', 'Invoice 2024/2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE request (
  request_no TEXT PRIMARY KEY, title TEXT NOT NULL, manager TEXT, is_public INTEGER, form INTEGER, begun DATE, due DATE,
  account_no TEXT, person_no INTEGER, second_person_no INTEGER, observer TEXT, pipeline TEXT, stage TEXT, source TEXT,
  source_note TEXT, currency TEXT, is_fixed INTEGER, amount NUMERIC, tax NUMERIC, own_no TEXT, inquiry_no INTEGER,
  sale_no INTEGER, line TEXT, choice TEXT, day DATE, site TEXT, second_site TEXT, budget NUMERIC, is_approved INTEGER,
  weight NUMERIC, pieces INTEGER, colour TEXT, second_colour TEXT, moment TEXT, address TEXT, branch TEXT, section INTEGER,
  element INTEGER, booking INTEGER, region TEXT, area TEXT
);
INSERT INTO request VALUES
 ('R-1', 'Lathe for the training shop', 'maria.lopez@example.com', 0, 7, '2024-02-29', '2024-12-31', 'A-1', 1, 2,
  'john.smith@example.com', 'Second pipeline', 'Approval', 'Advertising', 'Poster', 'EUR', 1, 9999.99, 1900, 'OWN-1', 1, 1,
  'Lathe [b]L-200[/b]', 'List item #3', '2024-06-18', 'https://lathe.example/a?b=1&c=2', 'lathe.example', 300.5, 1, 0.25, 3,
  'Blue', 'Red', '2024-06-18T23:30:00-08:00', 'Hauptstraße 1, Berlin', 'Manufacturing', 5, 9, 1, 'North', 'Hall 3'),
 ('R-2', 'Gloves', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL);

CREATE TABLE delivery (
  delivery_no TEXT PRIMARY KEY, title TEXT NOT NULL, manager TEXT, is_public INTEGER, form INTEGER,
  tracking_no TEXT, carrier TEXT
);
INSERT INTO delivery VALUES
 ('D-1', 'Two pallets to Lisbon', 'maria.lopez@example.com', 0, 7, '00340434161094', 'Courier'),
 ('D-2', 'A letter', NULL, NULL, NULL, NULL, NULL);

CREATE TABLE old_item (item_no TEXT PRIMARY KEY, title TEXT NOT NULL, made_at TEXT NOT NULL, made_by TEXT NOT NULL,
  moved_at TEXT NOT NULL, moved_by TEXT NOT NULL, changed_at TEXT NOT NULL, changed_by TEXT NOT NULL);
INSERT INTO old_item VALUES
 ('H-1', 'Of the old system, first', '2019-03-31 03:15:00', 'john.smith@example.com', '2019-04-01 09:00:00',
  'maria.lopez@example.com', '2019-04-02 18:30:00', 'ivan.petrov@example.com'),
 ('H-2', 'Of the old system, second', '2020-10-25 01:30:00', 'maria.lopez@example.com', '2020-10-25 03:30:00',
  'john.smith@example.com', '2021-01-01 00:00:00', 'john.smith@example.com');

-- files, below specs/types/data/files
ALTER TABLE person ADD COLUMN photo TEXT;
ALTER TABLE account ADD COLUMN logo TEXT;
ALTER TABLE account ADD COLUMN contract TEXT;
ALTER TABLE request ADD COLUMN picture TEXT;
ALTER TABLE request ADD COLUMN paper TEXT;
UPDATE person SET photo = 'green_pixel.png' WHERE person_no = 1;
UPDATE account SET logo = 'green_pixel.png', contract = 'contract.txt' WHERE account_no = 'A-1';
UPDATE request SET picture = 'green_pixel.png', paper = 'contract.txt' WHERE request_no = 'R-1';
