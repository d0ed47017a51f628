SELECT 1;
.read other.sql
