package live

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// initrd puts the live environment's root together.
func initrd(busybox []byte, modules []module, extra map[string][]byte) ([]byte, error) {
	files := map[string]cpioEntry{
		"dev":          {mode: modeDir | 0o755},
		"dev/console":  {mode: modeChar | 0o600, major: 5, minor: 1},
		"dev/null":     {mode: modeChar | 0o666, major: 1, minor: 3},
		"bin/busybox":  {mode: modeFile | 0o755, content: busybox},
		"bin/sh":       {mode: modeLink | 0o777, content: []byte("busybox")},
		"init":         {mode: modeFile | 0o755, content: []byte(script("init"))},
		"etc/passwd":   {mode: modeFile | 0o644, content: []byte("root:x:0:0:root:/root:/bin/sh\n")},
		"etc/group":    {mode: modeFile | 0o644, content: []byte("root:x:0:\n")},
		"etc/hostname": {mode: modeFile | 0o644, content: []byte("mozpool\n")},
	}
	for _, name := range []string{"mobile-init.sh", "udhcpc.sh"} {
		files["sbin/"+name] = cpioEntry{mode: modeFile | 0o755, content: []byte(script(name))}
	}
	for _, name := range []string{"proc", "sys", "tmp", "mnt", "root", "run", "var"} {
		files[name] = cpioEntry{mode: modeDir | 0o755}
	}
	var list strings.Builder
	for _, m := range modules {
		files["lib/modules/"+m.name+".ko"] = cpioEntry{mode: modeFile | 0o644, content: m.content}
		list.WriteString(m.name + ".ko\n")
	}
	files["lib/modules/list"] = cpioEntry{mode: modeFile | 0o644, content: []byte(list.String())}
	for name, content := range extra {
		files[name] = cpioEntry{mode: modeFile | 0o755, content: content}
	}
	archive, err := cpio(files)
	if err != nil {
		return nil, fmt.Errorf("initrd: %w", err)
	}
	return gzipped(archive)
}

// readExtra reads FILE or FILE:/PATH entries, by their path in the initrd.
func readExtra(entries []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, entry := range entries {
		source, target, ok := strings.Cut(entry, ":")
		if !ok {
			target = "/bin/" + filepath.Base(source)
		}
		clean := strings.TrimPrefix(path.Clean("/"+target), "/")
		if clean == "" || strings.HasSuffix(target, "/") {
			return nil, fmt.Errorf("extra file %q: %q is no path of a file", entry, target)
		}
		content, err := os.ReadFile(source)
		if err != nil {
			return nil, fmt.Errorf("extra file: %w", err)
		}
		files[clean] = content
	}
	return files, nil
}
