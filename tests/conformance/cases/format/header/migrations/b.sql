/* A licence.
   Two lines. */
-- Add tags
--
-- Revision: tags1
-- revises: root1
-- branch_labels: tags
-- created: 2025-01-15 14:30:22
-- compatible: yes
-- note: ours
CREATE TABLE tags(x);
