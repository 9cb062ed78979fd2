#!/bin/sh
# chromedriver expects an open page, which a headless shell has only if it is told to.
exec chromium-headless-shell "$@" about:blank
