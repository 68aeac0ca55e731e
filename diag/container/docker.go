package container

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
)

// dockerRoots is where dockerd keeps its containers, when nobody says another place.
var dockerRoots = []string{"var/lib/docker", "var/snap/docker/common/var-lib-docker"}

// dockerRoots are those of this machine: by default, by /etc/docker/daemon.json,
// by the command line of root's dockerd, and with the users that userns-remap
// gives each of them (/var/lib/docker/165536.165536).
func (t *tree) dockerRoots() []string {
	roots := slices.Clone(dockerRoots)
	var daemon struct {
		Root string `json:"data-root"`
	}
	if text, err := t.Read("etc/docker/daemon.json"); err == nil && json.Unmarshal(text, &daemon) == nil && daemon.Root != "" {
		roots = append(roots, daemon.Root)
	}
	for _, p := range t.processes {
		if p.program() != "dockerd" || t.uid(p.pid) != t.root {
			continue
		}
		if root := p.option("--data-root", "-g"); root != "" && !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	for _, root := range roots {
		for _, name := range t.List(root) {
			if remapped.MatchString(name) {
				roots = append(roots, path.Join(root, name))
			}
		}
	}
	return roots
}

// remapped is the folder of the users that root is in a container, UID.GID.
var remapped = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

// dockerConfig is what is read of containers/ID/config.v2.json.
type dockerConfig struct {
	ID, Name string
	State    struct {
		Running bool
		Pid     int
	}
	Config          struct{ Labels map[string]string }
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}
}

// docker finds the containers of dockerd.
func docker(t *tree) (all []Container) {
	for _, root := range t.dockerRoots() {
		for _, id := range t.List(path.Join(root, "containers")) {
			text, err := t.Read(path.Join(root, "containers", id, "config.v2.json"))
			if err != nil {
				continue
			}
			var c dockerConfig
			if json.Unmarshal(text, &c) != nil || !c.State.Running || !t.runs(c.State.Pid, c.ID) {
				continue
			}
			found := Container{Runtime: "docker", Name: strings.TrimPrefix(c.Name, "/"), ID: c.ID, PID: c.State.Pid}
			found.Pod, found.PodIn = c.Config.Labels["io.kubernetes.pod.name"], c.Config.Labels["io.kubernetes.pod.namespace"]
			for name, in := range c.NetworkSettings.Networks {
				if in.IPAddress != "" && found.Networks == nil {
					found.Networks = map[string]string{}
				}
				if in.IPAddress != "" {
					found.Networks[name] = in.IPAddress
				}
			}
			all = append(all, found)
		}
	}
	return all
}
