package describe

import (
	"mozpool/actors/board"
	v1 "mozpool/httpapi/v1"
)

// parameter is what a parameter means.
type parameter struct {
	text   string
	schema object
}

var (
	textual = object{"type": "string"}
	flag    = object{"type": "string", "enum": []string{"0", "1", "true", "false"}}
	whole   = object{"type": "integer", "minimum": 1}
)

// parameters are those of paths, in braces, and of queries.
var parameters = map[string]parameter{
	"{name}":            {"Name.", textual},
	"{sha256}":          {"SHA-256 of the file's bytes, 64 digits in lower case.", object{"type": "string", "pattern": "^[0-9a-f]{64}$"}},
	"name":              {"What people call the file; its suffix tells how it is packed: v2.img.gz.", textual},
	"{dump}":            {"Name of the dump, from the list.", textual},
	"{number}":          {"Number of the attempt.", whole},
	"board":             {"Only this board; * and ? may stand in it.", textual},
	"rack":              {"Only this rack.", textual},
	"state":             {"Only these states, separated by commas; failed is all of failed_….", textual},
	"label":             {"Only boards with this label: KEY or KEY=VALUE. May be repeated.", object{"type": "array", "items": textual}},
	"image":             {"Only boards with this image.", textual},
	"text":              {"Only where this text stands.", textual},
	"limit":             {"At most so many.", whole},
	"cursor":            {"The next of the page before.", textual},
	"since":             {"Not older than this: a time, or how long ago (10m).", textual},
	"until":             {"Not younger than this: a time, or how long ago (10m).", textual},
	"severity":          {"Only lines of this severity and worse: emerg, alert, crit, err, warning, notice, info, debug or 0 to 7.", textual},
	"all":               {"1: every line, however many, and not only the last; JSON is then an object a line.", flag},
	"source":            {"Only lines of this source: syslog, statemachine, relay, api, transfer, console.", textual},
	"tail":              {"Only the last so many lines.", whole},
	"follow":            {"1: go on with what comes; JSON is then an object a line.", flag},
	"without_artifacts": {"1: only the names of artifacts, which have to be uploaded again after a restore.", flag},
	"kept":              {"1: answer with the events that are still there, as JSON, and end.", flag},
}

const (
	boards = v1.Prefix + "/boards"
	one    = boards + "/{name}"
)

// status is the answer of those who have nothing more to say.
type status struct {
	Status string `json:"status"`
}

// wish is an operation that asks something of a board.
func wish(verb, text string, body any) Operation {
	return Operation{Method: "POST", Path: one + "/" + verb, Text: text, Body: body, Answer: v1.Accepted{}, Status: 202}
}

// Operations is the whole API, in the order in which it is shown.
var Operations = []Operation{
	{Method: "GET", Path: boards, Text: "List boards, sorted by name.", Query: []string{"rack", "state", "label", "image", "text", "limit", "cursor"}, Answer: v1.Boards{}},
	{Method: "GET", Path: one, Text: "Show a board. The ETag is its visit.", Answer: v1.Board{}},
	wish("image", "Put an image on a board.", v1.ImageWish{}),
	wish(string(board.WantPowerOn), "Give a board power.", struct{}{}),
	wish(string(board.WantPowerOff), "Take a board's power.", struct{}{}),
	wish(string(board.WantPowerCycle), "Boot a board from its card.", struct{}{}),
	wish(string(board.WantSelfTest), "Have a board test itself.", struct{}{}),
	wish(string(board.WantMaintenance), "Boot a board into the maintenance image.", struct{}{}),
	wish("cancel", "End what a board was asked for.", v1.CancelOrder{}),
	wish("accept", "Declare a board good as it stands; nothing is switched.", struct{}{}),
	wish("lock", "Keep automation and other people away from a board.", v1.LockOrder{}),
	wish("unlock", "End a lock.", struct{}{}),
	wish("comment", "Say something about a board to whoever looks at it.", v1.CommentOrder{}),
	wish("label", "Set labels of a board, or take them off.", v1.LabelOrder{}),
	{Method: "PUT", Path: one + "/state", Text: "Set a board's state: new, ready, troubleshooting or locked_out, if it is still in the visit that If-Match names.",
		Body: v1.StateOrder{}, Answer: v1.Accepted{}, Match: true},
	{Method: "POST", Path: v1.Prefix + "/bulk", Text: "Ask the same of several boards; each answers for itself.", Body: v1.BulkOrder{}, Answer: v1.BulkResults{}},
	{Method: "GET", Path: one + "/why", Text: "Explain what a board does, why, and what happens next.", Answer: v1.Why{}},
	{Method: "GET", Path: one + "/history", Text: "List a board's last transitions, the latest first; 100 are kept.", Query: []string{"limit"}, Answer: v1.History{}},
	{Method: "GET", Path: one + "/attempts", Text: "List a board's attempts that have ended, the latest first.", Query: []string{"limit"}, Answer: v1.Attempts{}},
	{Method: "GET", Path: one + "/attempts/{number}", Text: "Show an attempt, running or ended, with its transitions and all that happened in it.", Answer: v1.AttemptDetail{}},
	{Method: "GET", Path: one + "/dumps", Text: "List the crash dumps that a board left on this server, the oldest first.", Answer: v1.Dumps{}},
	{Method: "GET", Path: one + "/dumps/{dump}", Text: "Read a crash dump.", Answer: "", Media: []string{"application/octet-stream"}, Only: true},
	{Method: "POST", Path: one + "/dumps/{dump}/delete", Text: "Delete a crash dump.", Body: struct{}{}, Answer: status{}},
	{Method: "GET", Path: one + "/log", Text: "Show a board's log; as JSON, or with Accept: text/plain a line each.", Query: []string{"since", "until", "source", "severity", "text", "tail", "follow", "all"},
		Answer: v1.Log{}, Media: []string{"text/plain", "application/x-ndjson"}},
	{Method: "GET", Path: v1.Prefix + "/events", Text: "Follow the transitions of boards as server-sent events: transition has a BoardEvent, reset says that some were lost.",
		Query: []string{"board", "rack", "state", "kept"}, Answer: v1.BoardEvents{}, Media: []string{"text/event-stream"}},
	{Method: "GET", Path: v1.Prefix + "/webhooks", Text: "List the programs that are told of events.", Answer: v1.Webhooks{}},
	{Method: "GET", Path: v1.Prefix + "/images", Text: "List images.", Answer: v1.Images{}},
	{Method: "GET", Path: v1.Prefix + "/images/{name}", Text: "Show an image, and its last success for each hardware type. The ETag is its revision.", Answer: v1.ImageDetail{}},
	{Method: "PUT", Path: v1.Prefix + "/images/{name}", Text: "Make an image of uploads, or a new revision of one that came by the API; it takes as long as reading what is new. Running attempts keep the revision that they began with.",
		Body: v1.ImageEntry{}, Answer: v1.Image{}, Conditions: true},
	{Method: "DELETE", Path: v1.Prefix + "/images/{name}", Text: "Remove an image that came by the API and that no attempt uses.", Answer: status{}, Conditions: true},
	{Method: "POST", Path: v1.Prefix + "/images/{name}/clear", Text: "End the suspicion against an image; the boards that wait for it go on.", Body: struct{}{}, Answer: v1.Incidents{}},
	{Method: "POST", Path: v1.Prefix + "/images/{name}/verify", Text: "Hash an image's artifacts again; it takes as long as reading them.", Body: struct{}{}, Answer: v1.Verification{}},
	{Method: "GET", Path: v1.Prefix + "/artifacts", Text: "List the files of this server's store, uploads and what it fetched or unpacked, with who uses them, or since when nobody does.", Answer: v1.StoredArtifacts{}},
	{Method: "GET", Path: v1.Prefix + "/artifacts/{sha256}", Text: "Show an artifact that was uploaded.", Answer: v1.StoredArtifact{}},
	{Method: "PUT", Path: v1.Prefix + "/artifacts/{sha256}", Text: "Upload a file of any size. It is kept if its bytes have this hash; one that is there already stays.", Query: []string{"name"},
		Bytes: true, Answer: v1.StoredArtifact{}},
	{Method: "POST", Path: v1.Prefix + "/artifacts/import", Text: "Have this server fetch a file by its URL, as if it were uploaded; the answer takes as long as the download. One whose hash is there is not fetched. What breaks off, the next request for it goes on with, if the origin gives a strong ETag.",
		Body: v1.ImportOrder{}, Answer: v1.StoredArtifact{}},
	{Method: "DELETE", Path: v1.Prefix + "/artifacts/{sha256}", Text: "Delete an upload that no image and no running attempt uses.", Answer: status{}},
	{Method: "GET", Path: v1.Prefix + "/hardware/{name}", Text: "Show a hardware type. The ETag is its revision.", Answer: v1.Hardware{}},
	{Method: "PUT", Path: v1.Prefix + "/hardware/{name}", Text: "Make a hardware type, or a new revision of one that came by the API or is built in. Running attempts keep what they began with.",
		Body: v1.HardwareEntry{}, Answer: v1.Hardware{}, Conditions: true},
	{Method: "DELETE", Path: v1.Prefix + "/hardware/{name}", Text: "Remove a hardware type that came by the API and that no board and no image names.", Answer: status{}, Conditions: true},
	{Method: "POST", Path: v1.Prefix + "/artifacts/prune", Text: "Clear this server's store of what no image and no running attempt uses; what came or was looked for within the last hour stays.",
		Body: v1.PruneOrder{}, Answer: v1.Pruned{}},
	{Method: "GET", Path: v1.Prefix + "/hardware", Text: "List hardware types.", Answer: v1.HardwareTypes{}},
	{Method: "GET", Path: v1.Prefix + "/relays", Text: "List relay boards.", Answer: v1.Relays{}},
	{Method: "POST", Path: v1.Prefix + "/relays/switch", Text: "Read or switch a relay, in turn with the automation.", Body: v1.RelayOrder{}, Answer: v1.RelayAnswer{}},
	{Method: "POST", Path: v1.Prefix + "/relays/test", Text: "Ask a relay board for a sign of life; no relay moves.", Body: v1.RelayTest{}, Answer: v1.Relay{}},
	{Method: "GET", Path: v1.Prefix + "/repairs", Text: "List boards that failed or are suspected, in walking order, with the part to take along.", Answer: v1.RepairList{}},
	{Method: "GET", Path: one + "/repairs", Text: "List the last repairs of a board.", Answer: v1.Repairs{}},
	wish("repaired", "Say that a part of a board was mended: it is verified, and its image put back.", v1.RepairOrder{}),
	{Method: "GET", Path: v1.Prefix + "/inventory", Text: "Tell where boards come from, how each source fared, and what was skipped.", Answer: v1.Inventory{}},
	{Method: "POST", Path: v1.Prefix + "/inventory/sync", Text: "Ask all sources of boards now, and wait for what comes of it. If that takes long, the answer is 202 and running is true; follow it with GET /inventory until it is not.", Body: struct{}{}, Answer: v1.Inventory{}},
	{Method: "GET", Path: v1.Prefix + "/inventory/plan", Text: "Show the plan that waits for approval.", Answer: v1.InventoryPlan{}},
	{Method: "POST", Path: v1.Prefix + "/inventory/plans/{name}/apply", Text: "Approve the plan that waits, if it is this one.", Body: struct{}{}, Answer: v1.InventoryEntry{}},
	{Method: "GET", Path: v1.Prefix + "/inventory/history", Text: "List the plans that were applied, the latest first.", Answer: v1.InventoryHistory{}},
	{Method: "GET", Path: v1.Prefix + "/inventory/boards/{name}", Text: "Show what a board's source says of it.", Answer: v1.InventoryBoard{}},
	{Method: "GET", Path: v1.Prefix + "/incidents", Text: "List what stops several boards and is not their fault, open or over.", Answer: v1.Incidents{}},
	{Method: "POST", Path: v1.Prefix + "/incidents/{name}/close", Text: "End an incident that does not end by itself.", Body: struct{}{}, Answer: v1.Incident{}},
	{Method: "POST", Path: v1.Prefix + "/racks/{name}/wiring", Text: "Cycle relays one by one and tell which board each switches; an object a line.",
		Body: v1.WiringOrder{}, Answer: v1.WiringLine{}, Media: []string{"application/x-ndjson"}, Only: true},
	{Method: "GET", Path: v1.Prefix + "/racks", Text: "List racks.", Answer: v1.Racks{}},
	{Method: "GET", Path: v1.Prefix + "/cluster", Text: "Show the cluster as this server knows it: servers, and who holds which rack.", Answer: v1.Cluster{}},
	{Method: "POST", Path: v1.Prefix + "/cluster/join", Text: "Have this server look for others at an address of their gossip; one that is of no cluster yet asks them to be taken in.", Body: v1.JoinOrder{}, Answer: v1.Cluster{}},
	{Method: "POST", Path: v1.Prefix + "/cluster/transfer", Text: "Hand the lead of the log to a server.", Body: v1.ServerOrder{}, Answer: v1.Cluster{}},
	{Method: "POST", Path: v1.Prefix + "/cluster/remove", Text: "Take a server out of the cluster for good.", Body: v1.ServerOrder{}, Answer: v1.Cluster{}},
	{Method: "POST", Path: v1.Prefix + "/cluster/drain", Text: "Have a server hand its racks to others, and hold none until undrain.", Body: v1.ServerOrder{}, Answer: v1.Cluster{}},
	{Method: "POST", Path: v1.Prefix + "/cluster/undrain", Text: "Let a server hold racks again.", Body: v1.ServerOrder{}, Answer: v1.Cluster{}},
	{Method: "GET", Path: v1.Prefix + "/discovered", Text: "List MAC addresses that asked for a boot entry and are no board.", Answer: v1.Discovered{}},
	{Method: "GET", Path: v1.Prefix + "/server", Text: "Say what the server is, and how it is.", Answer: v1.Server{}},
	{Method: "PUT", Path: v1.Prefix + "/server/log-level", Text: "Change how much the server's own log tells, until it starts anew: DEBUG, INFO, WARN or ERROR.",
		Body: v1.LogLevel{}, Answer: v1.LogLevel{}},
	{Method: "GET", Path: v1.Prefix + "/report", Text: "Tell how boards fared since a time (7d unless told otherwise); with Accept: text/html as a page, with text/plain for a terminal.",
		Query: []string{"since", "rack"}, Answer: v1.Report{}, Media: []string{"text/html", "text/plain"}},
	{Method: "POST", Path: v1.Prefix + "/backup", Text: "Write what the server must not lose, as it is at this moment; see: mozpool server verify. One that ends early is not whole.",
		Query: []string{"without_artifacts"}, Body: struct{}{}, Answer: "", Media: []string{"application/octet-stream"}, Only: true},
	{Method: "POST", Path: v1.Prefix + "/reload", Text: "Read boards, images, tokens and the certificate again; a bad file changes nothing.", Body: struct{}{}, Answer: status{}},
	{Method: "GET", Path: v1.Prefix + "/openapi.json", Text: "This description.", Answer: map[string]any{}},
	{Method: "GET", Path: v1.Prefix + "/openapi.html", Text: "This description, for people.", Answer: "", Media: []string{"text/html"}, Only: true},
	{Method: "GET", Path: "/livez", Text: "Say that the process answers.", Answer: status{}},
	{Method: "GET", Path: "/readyz", Text: "Say whether the server can do its work now, and what people should know of it.", Answer: v1.Readiness{}},
	{Method: "GET", Path: "/metrics", Text: "Metrics in the text format of Prometheus.", Answer: "", Media: []string{"text/plain"}, Only: true},
}
