package config

// Overrides are the few keys that the environment and flags may set over the
// file; an empty field sets nothing. Relative paths in them are relative to the
// folder the program was started in, as a shell user expects.
type Overrides struct {
	Server    string // over server
	Data      string // over data
	Files     string // over files
	APIListen string // over api.listen
}

// The environment variables that FromEnvironment reads. MOZPOOL_SERVER is not
// among them: it is the URL that the command line talks to.
const (
	EnvServer    = "MOZPOOL_SERVER_NAME"
	EnvData      = "MOZPOOL_DATA"
	EnvFiles     = "MOZPOOL_FILES"
	EnvAPIListen = "MOZPOOL_API_LISTEN"
)

// FromEnvironment reads overrides with lookup, which is os.Getenv in the
// program.
func FromEnvironment(lookup func(name string) string) Overrides {
	return Overrides{
		Server:    lookup(EnvServer),
		Data:      lookup(EnvData),
		Files:     lookup(EnvFiles),
		APIListen: lookup(EnvAPIListen),
	}
}

func (o Overrides) apply(c *Config) {
	set := func(into *string, value string) {
		if value != "" {
			*into = value
		}
	}
	set(&c.Server, o.Server)
	set(&c.Data, o.Data)
	set(&c.Files, o.Files)
	set(&c.API.Listen, o.APIListen)
}
