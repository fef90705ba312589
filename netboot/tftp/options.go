package tftp

import (
	"strconv"
	"strings"
	"time"
)

const (
	plainBlock    = 512
	leastBlock    = 8
	largestBlock  = 65464
	largestWindow = 65535
	flightBytes   = 96 << 10 // of one window: what clients' receive buffers hold
)

// terms are what a transfer was agreed to be like.
type terms struct {
	block   int           // bytes
	window  int           // blocks
	timeout time.Duration // what the client asked for; 0: nothing
	answer  []byte        // the OACK packet; nil: no option was taken
}

// agree takes what it can of the options of a request, in their order. What is unknown or nonsense is passed over, as
// RFC 2347 asks for. path gives the largest block for this client; it is called only if the client asks for a size.
func agree(options []option, size int64, window int, path func() int) terms {
	t := terms{block: plainBlock, window: 1}
	taken := map[string]string{}
	for _, o := range options {
		name := strings.ToLower(o.name)
		if _, again := taken[name]; again {
			continue
		}
		n, err := strconv.Atoi(o.value)
		if err != nil {
			continue
		}
		switch {
		case name == "blksize" && n >= leastBlock:
			t.block = min(n, path(), largestBlock)
			n = t.block
		case name == "windowsize" && n >= 1 && n <= largestWindow:
			t.window = min(n, window)
		case name == "timeout" && n >= 1 && n <= 255:
			t.timeout = time.Duration(n) * time.Second
		case name == "tsize" && n >= 0:
			taken[name] = strconv.FormatInt(size, 10)
			continue
		default:
			continue
		}
		taken[name] = strconv.Itoa(n)
	}
	if _, ok := taken["windowsize"]; ok { // after all others, for it depends on blksize
		t.window = max(1, min(t.window, flightBytes/(t.block+headerSize)))
		taken["windowsize"] = strconv.Itoa(t.window)
	}
	t.answer = acknowledge(options, taken)
	return t
}

// acknowledge writes the OACK packet, with the options in the client's order and spelling.
func acknowledge(options []option, taken map[string]string) []byte {
	if len(taken) == 0 {
		return nil
	}
	p := []byte{0, opOptions}
	for _, o := range options {
		name := strings.ToLower(o.name)
		value, ok := taken[name]
		if !ok {
			continue
		}
		delete(taken, name)
		p = append(append(p, o.name...), 0)
		p = append(append(p, value...), 0)
	}
	return p
}
