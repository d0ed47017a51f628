ALTER TABLE child ADD FOREIGN KEY (code) REFERENCES parent(code);
