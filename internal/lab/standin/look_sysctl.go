package standin

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// The dots of a setting are the slashes of its path, and the other way round: a device
// may have a dot in its name (sysctl(8)).
var swapped = strings.NewReplacer(".", "/", "/", ".")

// settings is where they are.
const settings = "/proc/sys"

// sysctlLook understands settings by their names, and -a with -r.
func sysctlLook(words []string) look {
	given, words := flags(words, "-a", "-n")
	pattern := ""
	if given["-a"] {
		if !options(words, map[string]*string{"-r": &pattern}) {
			return nil
		}
		words = []string{"net"} // the others are no namespace's
	}
	of, err := regexp.Compile(pattern)
	if err != nil || len(words) == 0 || strings.HasPrefix(words[0], "-") || strings.Contains(strings.Join(words, ""), "=") {
		return nil
	}
	return func(ns *nsenter.Namespace) (lines []string, err error) {
		err = ns.Do(func() error {
			for _, word := range words {
				if err := settingsBelow(word, func(name, value string) {
					switch {
					case !of.MatchString(name):
					case given["-n"]:
						lines = append(lines, value)
					default:
						lines = append(lines, name+" = "+value)
					}
				}); err != nil {
					return err
				}
			}
			return nil
		})
		return lines, err
	}
}

// settingsBelow tells one setting, or all below a name, as the namespace of this thread
// has them. Those that may not be read are left out of the latter.
func settingsBelow(name string, tell func(name, value string)) error {
	root := filepath.Join(settings, swapped.Replace(name))
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if path == root {
				return err
			}
			return nil
		}
		value, err := os.ReadFile(path)
		if err != nil && path == root {
			return err
		}
		if own, ok := strings.CutPrefix(path, settings+"/"); ok && err == nil {
			tell(say.Clean(swapped.Replace(own)), say.Clean(strings.TrimSpace(string(value))))
		}
		return nil
	})
}
