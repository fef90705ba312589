package power

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// execTimeout is the limit of a command whose line names none.
const execTimeout = 10 * time.Second

const execForm = "exec:"

// command is an exec line, understood.
type command struct {
	argv    map[verb][]string
	env     []string // names of variables that are handed on
	timeout time.Duration
}

// parseExec reads "exec:/program word… [{op}] [; option=…]…"; see DESIGN.md.
func parseExec(text string) (Spec, error) {
	l, c, err := readExec(text)
	if err != nil {
		return Spec{}, err
	}
	spec := Spec{line: execForm + l.tidy}
	if spec.Can, err = able(func(v verb) bool { return c.argv[v] != nil }); err != nil {
		return Spec{}, err
	}
	device, err := l.name("device")
	if err != nil {
		return Spec{}, err
	}
	if spec.outlet, err = l.name("outlet"); err != nil {
		return Spec{}, err
	}
	// The program stands for the device unless the line says better: at worst
	// exchanges wait for each other that need not.
	first := c.argv[on]
	if first == nil {
		first = c.argv[cycle]
	}
	if device == "" {
		device = first[0]
	}
	spec.device = execForm + device
	if spec.outlet == "" {
		spec.outlet = strings.Join(first, " ")
	}
	return spec, nil
}

func readExec(text string) (line, command, error) {
	l, err := parseLine(strings.TrimPrefix(text, execForm),
		"on", "off", "cycle", "status", "can", "timeout", "device", "outlet", "env")
	if err != nil {
		return l, command{}, err
	}
	c := command{argv: make(map[verb][]string)}
	if c.timeout, err = l.limit(execTimeout); err != nil {
		return l, c, err
	}
	if c.env, err = envNames(l.options["env"]); err != nil {
		return l, c, err
	}
	if l.subject != "" {
		err = c.fill(l)
	} else {
		err = c.separate(l)
	}
	return l, c, err
}

// fill makes the commands of a template.
func (c *command) fill(l line) error {
	can := []string{"on", "off", "status"}
	if text, ok := l.options["can"]; ok {
		can = strings.Split(strings.ReplaceAll(text, " ", ""), ",")
	}
	template := words(l.subject)
	if err := program(template); err != nil {
		return err
	}
	if !strings.Contains(l.subject, "{op}") {
		template = append(template, "{op}")
	}
	for _, v := range verbs {
		if _, twice := l.options[string(v)]; twice {
			return fmt.Errorf("%s= stands beside a command for all operations; use one or the other", v)
		}
		if !slices.Contains(can, string(v)) {
			continue
		}
		argv := slices.Clone(template)
		for i := range argv[1:] {
			argv[i+1] = strings.ReplaceAll(argv[i+1], "{op}", string(v))
		}
		c.argv[v] = argv
	}
	for _, word := range can {
		if !slices.Contains(verbs, verb(word)) {
			return fmt.Errorf("can= knows on, off, status and cycle, not %q", word)
		}
	}
	return nil
}

// separate takes a command for each operation.
func (c *command) separate(l line) error {
	if _, ok := l.options["can"]; ok {
		return errors.New("can= goes with one command for all operations; here those that have a command are known")
	}
	for _, v := range verbs {
		text, ok := l.options[string(v)]
		if !ok {
			continue
		}
		argv := words(text)
		if err := program(argv); err != nil {
			return fmt.Errorf("%s=: %w", v, err)
		}
		c.argv[v] = argv
	}
	if len(c.argv) == 0 {
		return errors.New("no command; write for example exec:/usr/local/bin/pdu 10.91.0.3 7, which is called with on, off or status behind it")
	}
	return nil
}

func program(argv []string) error {
	switch {
	case len(argv) == 0:
		return errors.New("no program in the quotes; name one with its full path")
	case !filepath.IsAbs(argv[0]):
		return fmt.Errorf("program %q: name it with its full path, such as /usr/local/bin/pdu; nothing is looked for in PATH", argv[0])
	case strings.Contains(argv[0], "{op}"):
		return errors.New("{op} stands in the program's name; give commands of their own with on=, off= and status=")
	}
	return nil
}

func envNames(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	names := strings.Split(strings.ReplaceAll(text, " ", ""), ",")
	for _, name := range names {
		if name == "" || strings.Contains(name, "=") {
			return nil, errors.New("env= names variables of the server that the command is to have, such as env=PDU_USER,PDU_PASSWORD; values stay out of boards.yaml")
		}
	}
	return names, nil
}
