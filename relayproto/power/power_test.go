package power_test

import (
	"strings"
	"testing"
	"time"

	"mozpool/relayproto/power"
)

func TestParse(t *testing.T) {
	t.Parallel()
	all, blind, cycles := power.Can{Switch: true, Read: true}, power.Can{Switch: true}, power.Can{Cycle: true}
	for line, want := range map[string]struct {
		kind        power.Kind
		key, outlet string
		can         power.Can
		canonical   string // empty: the line itself
	}{
		"":                       {power.Manual, "", "", power.Can{}, "manual"},
		"manual":                 {power.Manual, "", "", power.Can{}, ""},
		"Relay-1:bank1:relay3":   {power.ProXR, "relay-1:2101", "bank1:relay3", all, "relay-1:2101:bank1:relay3"},
		"[fe80::1]:bank4:relay8": {power.ProXR, "[fe80::1]:2101", "bank4:relay8", all, "[fe80::1]:2101:bank4:relay8"},

		"exec:/bin/pdu a 7":                                     {power.Exec, "exec:/bin/pdu", "/bin/pdu a 7 on", all, ""},
		"exec:/bin/pdu {op} 7":                                  {power.Exec, "exec:/bin/pdu", "/bin/pdu on 7", all, ""},
		"exec: /bin/pdu 7 ;can=on,off; device=p1; outlet=7":     {power.Exec, "exec:p1", "7", blind, "exec:/bin/pdu 7; can=on,off; device=p1; outlet=7"},
		"exec:/bin/pdu 7; can=cycle":                            {power.Exec, "exec:/bin/pdu", "/bin/pdu 7 cycle", cycles, ""},
		`exec:on=/bin/a "x; y"; off=/bin/b; timeout=2s`:         {power.Exec, "exec:/bin/a", "/bin/a x; y", blind, ""},
		"exec:/bin/pdu 7; can=on,off,cycle,status; env=PDU_KEY": {power.Exec, "exec:/bin/pdu", "/bin/pdu 7 on", power.Can{Switch: true, Cycle: true, Read: true}, ""},

		"http://H/cm":                               {power.HTTP, "http://h", "1", all, ""},
		"http://h/cm?cmnd=power2":                   {power.HTTP, "http://h", "2", all, ""},
		"http://h:8080/relay/0":                     {power.HTTP, "http://h:8080", "0", all, ""},
		"https://h/rpc/Switch.Set?id=3; timeout=1s": {power.HTTP, "http://h", "3", all, ""},
		"http://h/; cycle=POST /7/cycle":            {power.HTTP, "http://h", "POST /7/cycle", cycles, ""},
		`http://[::1]:80; on=PUT /7 {"a;b": 1}; off=PUT /7 {}; outlet=seven; user=u; password-env=PW`: {power.HTTP, "http://[::1]", "seven", blind, ""},
	} {
		s, err := power.Parse(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if want.canonical == "" {
			want.canonical = line
		}
		o := power.Outlet{Device: want.key, Name: want.outlet}
		if s.Kind != want.kind || s.Key() != want.key || s.Outlet() != o || s.Can != want.can || s.String() != want.canonical {
			t.Errorf("%q: %s %q, outlet %+v, can %+v, written %q", line, s.Kind, s.Key(), s.Outlet(), s.Can, s)
		}
		if again, err := power.Parse(s.String()); err != nil || again.Outlet() != s.Outlet() || again.Can != s.Can {
			t.Errorf("%q written as %q: %+v, %v", line, s, again, err)
		}
	}
}

// Two ways to write one outlet must be seen to be one, and two outlets two.
func TestSameOutlet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"r:bank1:relay1", "R:2101:bank1:relay1", true},
		{"r:bank1:relay1", "r:bank1:relay2", false},
		{"http://h/cm", "http://H:80/cm?cmnd=Power1", true},
		{"http://h/relay/1", "https://h/rpc/Switch.Set?id=1", true},
		{"http://h:81/relay/1", "http://h/relay/1", false},
		{"exec:/bin/p 1", "exec:/bin/p  1 {op}; timeout=3s", true},
		{"exec:/bin/p 1", "exec:/bin/p 2", false},
		{"exec:/bin/p 1; device=a; outlet=1", "exec:/bin/q one; device=a; outlet=1", true},
	} {
		a, b := parse(t, c.a), parse(t, c.b)
		if (a.Outlet() == b.Outlet()) != c.same {
			t.Errorf("%q is %+v, %q is %+v; the same: want %v", c.a, a.Outlet(), c.b, b.Outlet(), c.same)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"h:bank9:relay1":                    "bank 9",
		"manually":                          "write it as",
		"telnet://u:hidden@h/off":           "no such kind",
		"snmp://hidden@h":                   "use a relay",
		"ipmi://h":                          "use a relay",
		"redfish://h":                       "use a relay",
		"h:bank1:relay1\n":                  "",
		"exec:/bin/a\x00b":                  "control characters",
		"exec:" + strings.Repeat("a", 1100): "at most 1024",

		"exec:":                               "no command",
		"exec:pdu 7":                          "full path",
		"exec:./pdu":                          "full path",
		"exec:''":                             "full path",
		"exec:/bin/{op}":                      "program's name",
		"exec:/bin/a; on=/bin/b":              "use one or the other",
		"exec:/bin/a; can=on":                 "come together",
		"exec:/bin/a; can=status":             "nothing switches",
		"exec:/bin/a; can=toggle":             `not "toggle"`,
		"exec:on=/bin/a":                      "come together",
		"exec:on=/bin/a; off=b":               "off=: program",
		"exec:on=/bin/a; off=/bin/b; can=on":  "goes with one command",
		"exec:/bin/a; timeout=0s":             "write a time from",
		"exec:/bin/a; timeout=2h":             "write a time from",
		"exec:/bin/a; timeout=1s; timeout=2s": "twice",
		"exec:/bin/a; colour=red":             "no option is called",
		"exec:/bin/a; outlet=":                "is empty",
		"exec:/bin/a; outlet=a b":             "a name has",
		"exec:/bin/a; device=/x":              "a name has",
		"exec:/bin/a; rm -rf":                 "part 2 is no option",
		`exec:/bin/a "b`:                      "not closed",
		"exec:/bin/a; env=A=hidden":           "values stay out",
		"exec:/bin/a; password=hidden":        "people read",

		"http://":                   "no host",
		"http://h":                  "of no form",
		"http://h/outlet/7":         "of no form",
		"http://h:0/relay/1":        "port",
		"http://h:99999/relay/1":    "port",
		"http://u:hidden@h/relay/1": "password-file",
		"http://h/cm?cmnd=Power1&user=a&password=hidden":              "password-file",
		"http://h/relay/1#x":                                          "# part",
		"http://h/relay/32":                                           "0 to 31",
		"http://h/relay/01":                                           "0 to 31",
		"http://h/cm?cmnd=Power0":                                     "PowerN",
		"http://h/cm?cmnd=Power1%20On":                                "PowerN",
		"http://h/rpc/Switch.Set":                                     "0 to 31",
		"http://h/relay/1; outlet=2":                                  "leave outlet= out",
		"http://h/relay/1; token=hidden":                              "token-file",
		"http://h/relay/1; password-env=PW":                           "without user",
		"http://h/relay/1; user=u":                                    "without password",
		"http://h/relay/1; token-env=T; user=u; password-env=P":       "leave one out",
		"http://h/relay/1; user=u; password-env=P; password-file=/p":  "leave one out",
		"http://h/relay/1; user=u; password-file=p":                   "full path",
		"http://h/relay/1; user=u; password-env=P=hidden":             "stays out",
		"http://h/x; on=GET /a; off=GET /b":                           "only",
		"http://h/; on=GET /a":                                        "come together",
		"http://h/; on=FETCH /a; off=GET /b":                          "begin with one of",
		"http://h/; on=GET a; off=GET /b":                             "begins with /",
		"http://h/; on=GET /a x; off=GET /b":                          "GET has no body",
		"http://h/; on=GET /a%zz; off=GET /b":                         "the path is none",
		"http://h/; on=GET /a?pw=hidden; off=GET /b":                  "password-file",
		"http://h/; on=GET /a; off=GET /b; status=GET /c => on":       "write behind =>",
		"http://h/; on=GET /a; off=GET /b; status=GET /c => on | O N": "write behind =>",
	} {
		s, err := power.Parse(line)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", line, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want an error with %q", line, s, err, want)
		} else if strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: the error shows a secret: %v", line, err)
		}
	}
}

func TestRest(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]time.Duration{"h:bank1:relay1": time.Second, "exec:/bin/a": 0, "http://h/relay/1": 0, "": 0} {
		if got := parse(t, line).Rest(); got != want {
			t.Errorf("%q rests %v; want %v", line, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"", "h:bank1:relay1", "exec:/bin/a 'b c' {op}; can=cycle", "http://h/relay/1; timeout=1s",
		`https://h; on=PUT /a {"x": "y"} => ok; off=PUT /a; status=GET /a => 1 | 0`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		a, err := power.Parse(line)
		if err != nil {
			return
		}
		b, err := power.Parse(a.String())
		if err != nil || a != b {
			t.Fatalf("%q became %q: %+v, %v", line, a, b, err)
		}
		if a.Kind != power.Manual && (a.Key() == "" || a.Outlet().Name == "" || !a.Can.Switch && !a.Can.Cycle) {
			t.Fatalf("%q is %+v", line, a)
		}
	})
}
