// Package running is what a server needs around it to run for years: it tells systemd how it is (Notifier, Watch),
// keeps the report of a crash (Crashes), and shows what the process does to whoever looks for a fault (Profiles).
//
// It decides when the watchdog is fed: only while the server answers. It refuses to know what a server is; each part
// is handed a function. "mozpool serve" calls it.
package running
