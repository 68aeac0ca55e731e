package container

import (
	"encoding/json"
	"path"
	"strings"
)

// dockerRoots is where dockerd keeps its containers, unless /etc/docker/daemon.json
// says another place.
var dockerRoots = []string{"var/lib/docker", "var/snap/docker/common/var-lib-docker"}

// dockerConfig is what is read of containers/ID/config.v2.json.
type dockerConfig struct {
	ID, Name string
	State    struct {
		Running bool
		Pid     int
	}
	Config struct{ Labels map[string]string }
}

// docker finds the containers of dockerd.
func docker(t *tree) (all []Container) {
	roots := dockerRoots
	var daemon struct {
		Root string `json:"data-root"`
	}
	if text, err := t.Read("etc/docker/daemon.json"); err == nil && json.Unmarshal(text, &daemon) == nil && daemon.Root != "" {
		roots = append([]string{daemon.Root}, roots...)
	}
	for _, root := range roots {
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
			all = append(all, found)
		}
	}
	return all
}
