package mozpool1

import (
	"fmt"
	"net/url"
	"strings"

	"mozpool/actors"
	"mozpool/httpapi/access"
)

// entry is one line of the table; {} stands for any one part of a path.
type entry struct {
	method string
	parts  []string
	need   access.Role
	do     func(*call) (any, error)
}

// table is the whole API. It is filled by init, since some handlers read it.
var table []entry

func add(method, path string, need access.Role, do func(*call) (any, error)) {
	table = append(table, entry{method, split(path), need, do})
}

func init() {
	const see, change = access.Viewer, access.Operator
	add("GET", "version", see, (*call).version)
	add("GET", "device/list", see, (*call).devices)
	add("GET", "device/{}/status", see, (*call).status)
	add("GET", "device/{}/state", see, (*call).state)
	add("GET", "device/{}/log", see, (*call).log)
	add("GET", "device/{}/bootconfig", see, (*call).bootConfig)
	add("GET", "device/{}/ping", see, (*call).ping)
	add("GET", "device/{}/event/{}", change, (*call).event)
	add("POST", "device/{}/event/{}", change, (*call).event)
	add("POST", "device/{}/state-change/{}/to/{}", change, (*call).stateChange)
	add("POST", "device/{}/power-cycle", change, (*call).powerCycle)
	add("GET", "device/{}/power-off", change, (*call).powerOff)
	add("POST", "device/{}/clear-pxe", change, (*call).clearPXE)
	add("POST", "device/{}/set-comments", change, (*call).setComments)
	add("POST", "device/{}/set-environment", change, (*call).setEnvironment)
	add("GET", "relay/{}/test", change, (*call).relayTest)
	add("GET", "environment/list", see, (*call).environments)
	add("GET", "image/list", see, (*call).images)
	add("GET", "bmm/pxe_config/list", see, (*call).pxeConfigs)
	add("GET", "bmm/pxe_config/{}/details", see, (*call).pxeConfig)
	addOf2012()
	for _, path := range []string{"device/{}/request", "request/{}/renew", "request/{}/return", "request/{}/event/{}"} {
		add("POST", path, change, (*call).requests)
	}
	for _, path := range []string{"request/list", "request/{}/status", "request/{}/details", "request/{}/log", "request/{}/event/{}"} {
		add("GET", path, see, (*call).requests)
	}
}

// addOf2012 adds the form that the first version had.
func addOf2012() {
	const see, change = access.Viewer, access.Operator
	add("GET", "board/list", see, (*call).boards)
	add("GET", "board/{}/status", see, (*call).boardStatus)
	add("POST", "board/{}/status", change, (*call).boardSays)
	add("GET", "board/{}/config", see, (*call).boardConfig)
	add("POST", "board/{}/reboot", change, (*call).reboot)
	add("POST", "board/{}/boot/{}", change, (*call).boot)
	add("POST", "board/{}/bootcomplete", change, (*call).bootComplete)
	add("GET", "bootimage/list", see, (*call).bootImages)
	add("GET", "bootimage/{}/details", see, (*call).bootImage)
}

// split gives the parts of a path below /api, without the slash that may end it.
func split(path string) []string {
	path = strings.TrimPrefix(path, "/api/")
	return strings.Split(strings.TrimSuffix(path, "/"), "/")
}

// looks tells the lines that change nothing, which HEAD may ask as well: some of the others are GET.
func (e entry) looks() bool { return e.method == "GET" && e.need == access.Viewer }

// match says whether parts are this line's, and what stands in place of each {}, unescaped.
func (e entry) match(parts []string) (args []string, ok bool) {
	if len(parts) != len(e.parts) {
		return nil, false
	}
	for i, p := range e.parts {
		if p != "{}" && p != parts[i] || parts[i] == "" {
			return nil, false
		}
		if p == "{}" {
			arg, err := url.PathUnescape(parts[i])
			if err != nil {
				return nil, false
			}
			args = append(args, arg)
		}
	}
	return args, true
}

// problem is an error for people; its kind is one of API v1.
func problem(kind actors.ProblemKind, remedy, format string, a ...any) error {
	return &actors.Problem{Kind: kind, Text: fmt.Sprintf(format, a...), Remedy: remedy}
}

// board finds the board in the path.
func (c *call) board() (*actors.View, error) {
	if v := c.cfg.Fleet.ByName(c.args[0]); v != nil {
		return v, nil
	}
	return nil, problem(actors.NotFound, "see /api/device/list/", "there is no device %q", c.args[0])
}

// mine finds the board in the path for a caller who wants to change it.
func (c *call) mine() (*actors.View, error) {
	v, err := c.board()
	if err == nil && !c.req.Caller.MayChange(v.Spec.Rack) {
		return nil, problem("forbidden", "ask somebody who may", "%s may not change boards of rack %s", c.req.Caller.Name, v.Spec.Rack)
	}
	return v, err
}

// requests answers what needs leases.
func (c *call) requests() (any, error) {
	return nil, problem("not_implemented", "name the device: POST /api/device/NAME/power-cycle/ with pxe_config, or POST /api/v1/boards/NAME/image",
		"this server keeps no requests for devices")
}
