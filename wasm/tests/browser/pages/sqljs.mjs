// sql.js as it is in Node: it finds its module by itself.
import load from '/modules/sql.js.mjs';

export default () => load({ locateFile: (file) => `/node_modules/sql.js/dist/${file}` });
