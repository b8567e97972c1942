// A page that could not be shown tries again by itself.
"use strict";
setTimeout(() => location.reload(), 2000);
