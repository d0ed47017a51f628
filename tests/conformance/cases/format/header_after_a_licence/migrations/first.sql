/* Copyright
   -- revision: not this one
*/

---------------------------
-- Make the first table
--   Revision :  x1
-- REVISES:
-- depends_on:
-- branch_labels: main, start
-- see also: the wiki
CREATE TABLE t(a);
