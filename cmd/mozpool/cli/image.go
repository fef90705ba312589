package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	v1 "mozpool/httpapi/v1"
)

// ImageShow is "mozpool image show".
type ImageShow struct {
	Name []string `arg:"" help:"Images."`
}

// Run shows the images.
func (s *ImageShow) Run(c *Context) error {
	return c.each(s.Name, func(name string) error {
		i, err := c.Client.ImageDetail(c.Context, name)
		if err != nil {
			return err
		}
		return c.show(i, []string{i.Name}, func() *table { return c.imageTable(i) })
	})
}

// details makes a table of a line each; what is empty is left out.
func details(noun, name string) (*table, func(key, text string)) {
	t := &table{head: []string{noun, name}}
	return t, func(key, text string) {
		if text != "" {
			t.add(plain(key), plain(text))
		}
	}
}

func (c *Context) imageTable(i v1.ImageDetail) *table {
	t, line := details("image", i.Name)
	line("revision", i.Revision)
	line("source", i.Source)
	line("hardware", cmp.Or(strings.Join(i.Hardware, ", "), "all"))
	line("install", i.Install)
	for _, a := range i.Artifacts {
		line("artifact", strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", a.Name, a.File, place(a), a.SHA256)))
	}
	line("config keys", strings.Join(i.ConfigKeys, ", "))
	line("read back", i.Readback)
	line("verified by", strings.TrimSpace(i.Verify.Kind+" "+i.Verify.For))
	line("limits", labelText(i.Limits))
	for _, s := range i.Suspect {
		line("suspect", fmt.Sprintf("on hardware type %s in rack %s, see: mozpool incident list", s.Hardware, s.Rack))
	}
	line("on cards of", fmt.Sprintf("%d boards", i.Boards))
	for _, s := range i.LastSuccess {
		line("last good", fmt.Sprintf("%s: %s, attempt %d, %s", s.Hardware, s.Board, s.Attempt, c.when(s.At)))
	}
	return t
}

func place(a v1.Artifact) string {
	if a.To == "" {
		return ""
	}
	if a.Part > 0 {
		return fmt.Sprintf("(its partition %d) to %s", a.Part, a.To)
	}
	return "to " + a.To
}

// ImageVerify is "mozpool image verify".
type ImageVerify struct {
	Name []string `arg:"" help:"Images."`
}

// Run has the artifacts hashed again; any that is not what it was makes the exit code 1.
func (s *ImageVerify) Run(c *Context) error {
	return c.each(s.Name, func(name string) error {
		v, err := c.Client.VerifyImage(c.Context, name)
		if err != nil {
			return err
		}
		if err := c.show(v, []string{v.Image}, func() *table { return verifiedTable(v) }); err != nil {
			return err
		}
		if !v.Good {
			return &Error{Exit: ExitFailed, Err: errors.New("image " + name + " is not what boards are held to")}
		}
		return nil
	})
}

func verifiedTable(v v1.Verification) *table {
	t := &table{head: []string{"IMAGE", "ARTIFACT", "FILE", "SHA256", "RESULT"}}
	if len(v.Artifacts) == 0 {
		t.add(plain(v.Image), plain(""), plain(""), plain(""), plain("it has no files of its own"))
	}
	for _, a := range v.Artifacts {
		result := cell{"good", green}
		if a.Problem != "" {
			result = cell{a.Problem, red}
		}
		t.add(plain(v.Image), plain(a.Name), plain(a.File), plain(a.Got), result)
	}
	return t
}
