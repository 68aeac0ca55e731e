package container

import (
	"path"
	"strconv"
	"strings"
)

// machined finds the machines that systemd-machined has registered: those of
// systemd-nspawn, and of libvirt's LXC. /run/systemd/machines has a file for each
// with the numbers and names that machinectl(1) shows, and links called unit:NAME.
func machined(t *tree) (all []Container) {
	const dir = "run/systemd/machines"
	for _, file := range t.List(dir) {
		if strings.Contains(file, ":") {
			continue
		}
		text, err := t.Read(path.Join(dir, file))
		if err != nil {
			continue
		}
		c := Container{Runtime: "systemd-nspawn"}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch value = strings.Trim(value, `"`); key {
			case "NAME":
				c.Name = value
			case "SERVICE":
				c.Runtime = value
			case "LEADER":
				c.PID, _ = strconv.Atoi(value)
			}
		}
		if c.PID > 0 {
			all = append(all, c)
		}
	}
	return all
}
