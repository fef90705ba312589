package several

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mozpool/cluster/member"
)

// Replace is what people do with a server whose disk is lost for good: the server is killed if it runs, and in its place,
// under another name, comes one with an empty data folder, which joins when it is started. The old name stays taken until
// the cluster removes it.
func (c *Cluster) Replace(p *Process, name string) error {
	old := p.Name
	if err := p.Kill(); err != nil {
		return err
	}
	text, err := os.ReadFile(p.Config)
	if err != nil {
		return fmt.Errorf("replace server %s: %w", old, err)
	}
	fresh := strings.ReplaceAll(string(text), old, name)
	fresh = strings.ReplaceAll(fresh, fmt.Sprintf("expect: %d", c.o.Servers), "expect: 0")
	_, err = member.MakeIdentities(c.path("keys"), "demo", []string{name})
	err = errors.Join(err, os.RemoveAll(cmp.Or(p.data, filepath.Join(filepath.Dir(p.Config), "data"))), write(p.Config, []byte(fresh)))
	if err != nil {
		return fmt.Errorf("replace server %s: %w", old, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p.Name = name
	return nil
}
