"""The tables of the planner's private file.

`seen`: keys of the entity that is being read. `change`: what is to become of rows; `parent`: existing items that they
refer to; `within`: rows of the same entity that they refer to, `waiting` and `wave`: which of these can go when;
`alike`: keys that a portal may take for one another. `outcome`: what became of rows; `unread`: those of which no answer
has shown how they were stored; `turn`: the order in which an import sends them. `drift`: rows that have an item, and
what is otherwise by now.

Of a saved plan alone: `approved`, its changes as they are written; `stale`, those that are not as approved any more;
`beyond`, what would be done by now and is not in it.
"""

from typing import Final

SCHEMA: Final = """
CREATE TEMP TABLE seen (origin_id TEXT NOT NULL);
CREATE TABLE change (
  change_id INTEGER PRIMARY KEY,
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  action TEXT NOT NULL,
  fields TEXT,
  item_id INTEGER,
  reason TEXT,
  message TEXT,
  stored_key TEXT
);
CREATE INDEX change_by_key ON change (entity, origin_id);
CREATE TABLE parent (
  change_id INTEGER NOT NULL,
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  item_id INTEGER NOT NULL
);
CREATE INDEX parent_by_item ON parent (entity, item_id);
CREATE TABLE within (
  entity INTEGER NOT NULL,
  change_id INTEGER NOT NULL,
  parent_key TEXT NOT NULL,
  PRIMARY KEY (entity, parent_key, change_id)
) WITHOUT ROWID;
CREATE INDEX within_by_change ON within (change_id);
CREATE TABLE waiting (change_id INTEGER PRIMARY KEY, parents INTEGER NOT NULL);
CREATE INDEX waiting_by_parents ON waiting (parents);
CREATE TABLE wave (change_id INTEGER PRIMARY KEY);
CREATE TABLE alike (
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  form TEXT NOT NULL,
  PRIMARY KEY (entity, origin_id)
) WITHOUT ROWID;
CREATE INDEX alike_by_form ON alike (entity, form);
CREATE TABLE unread (
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  PRIMARY KEY (entity, origin_id)
) WITHOUT ROWID;
CREATE TABLE drift (
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  item_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  message TEXT,
  PRIMARY KEY (entity, origin_id)
) WITHOUT ROWID;
CREATE TABLE turn (
  entity INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  PRIMARY KEY (entity, turn)
) WITHOUT ROWID;
CREATE TABLE outcome (
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  item_id INTEGER,
  code TEXT,
  message TEXT,
  PRIMARY KEY (entity, origin_id)
) WITHOUT ROWID;
CREATE TABLE approved (
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  action TEXT NOT NULL,
  fields TEXT,
  item_id INTEGER,
  PRIMARY KEY (entity, origin_id)
) WITHOUT ROWID;
CREATE TABLE stale (
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (entity, origin_id)
) WITHOUT ROWID;
CREATE TABLE beyond (
  entity INTEGER NOT NULL,
  origin_id TEXT NOT NULL,
  action TEXT NOT NULL,
  PRIMARY KEY (entity, origin_id)
) WITHOUT ROWID;
"""
