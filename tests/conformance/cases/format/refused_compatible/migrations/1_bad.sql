-- compatible: perhaps
SELECT 1;
