-- Nothing yet.
/* later; */
;
