-- also: 0988a36ac17e5c0f49b1aecc2dda7dd4f303a5abf0df7e57858dc661b1d2a68d
CREATE TABLE a(y);
