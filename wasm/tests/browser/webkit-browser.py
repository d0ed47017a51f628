#!/usr/bin/python3
"""A browser of WebKitGTK's library for WebDriver, with its data on disk: MiniBrowser, when it is driven, keeps
all in memory. Takes a folder and the features to switch on; needs Debian's python3-gi and gir1.2-webkit2-4.1."""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

folder, *wanted = sys.argv[1:]
data = WebKit2.WebsiteDataManager(base_data_directory=f"{folder}/data", base_cache_directory=f"{folder}/cache")
context = WebKit2.WebContext(website_data_manager=data)
settings = WebKit2.Settings()
features = WebKit2.Settings.get_all_features()
for at in range(features.get_length()):
    feature = features.get(at)
    if feature.get_identifier() in wanted:
        settings.set_feature_enabled(feature, True)


def opened(_session):
    view = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
    window = Gtk.Window(default_width=1000, default_height=700)
    window.add(view)
    window.show_all()
    view.connect("close", lambda _view: window.destroy())
    return view


def started(_context, session):
    info = WebKit2.ApplicationInfo()
    info.set_name("limbeck-tests")
    info.set_version(WebKit2.MAJOR_VERSION, WebKit2.MINOR_VERSION, WebKit2.MICRO_VERSION)
    session.set_application_info(info)
    session.connect("create-web-view", opened)


context.connect("automation-started", started)
context.set_automation_allowed(True)
Gtk.main()
