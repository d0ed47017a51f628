-- The very first
-- branch_labels: label
-- created: 2025-01-01
create  table a
  ( x );
