PRAGMA case_sensitive_like = ON;
