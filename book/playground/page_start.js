// Last of all: fill the page.
"use strict";

Page.start();
