-- revises: 0001
ALTER TABLE notes ADD other;
