-- A title
-- revison: x
SELECT 1;
