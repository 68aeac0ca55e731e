package container

import (
	"cmp"
	"encoding/json"
	"path"
	"strconv"
	"strings"
)

// containerdStates is where containerd keeps what runs: its own, that of k3s, of
// MicroK8s and of the one that dockerd has begun.
var containerdStates = []string{
	"run/containerd", "run/k3s/containerd", "var/snap/microk8s/common/run/containerd", "run/docker/containerd/daemon",
}

// task is the folder in it with a folder for each namespace of containerd, and
// one for each container in that.
const task = "io.containerd.runtime.v2.task"

// containerd finds the containers of containerd: the CRI's, nerdctl's and ctr's,
// and those of dockerd whose own file could not be read.
func containerd(t *tree) (all []Container) {
	for _, state := range containerdStates {
		for _, namespace := range t.List(path.Join(state, task)) {
			for _, id := range t.List(path.Join(state, task, namespace)) {
				c, ok := t.containerdTask(path.Join(state, task, namespace, id), id)
				if !ok {
					continue
				}
				if c.Runtime = "containerd"; namespace == "moby" {
					c.Runtime = "docker"
				}
				all = append(all, c)
			}
		}
	}
	return all
}

// containerdTask reads one folder: init.pid, and the annotations of the OCI's
// config.json.
func (t *tree) containerdTask(dir, id string) (c Container, ok bool) {
	number, err := t.Head(path.Join(dir, "init.pid"), 32)
	if err != nil {
		return c, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(number)))
	if err != nil || !t.runs(pid, id) {
		return c, false
	}
	var config struct{ Annotations map[string]string }
	// Without it the ID is known still.
	if text, err := t.Read(path.Join(dir, "config.json")); err == nil {
		_ = json.Unmarshal(text, &config)
	}
	a := config.Annotations
	return Container{
		ID: id, PID: pid,
		Name: cmp.Or(a["io.kubernetes.cri.container-name"], a["nerdctl/name"]),
		Pod:  a["io.kubernetes.cri.sandbox-name"], PodIn: a["io.kubernetes.cri.sandbox-namespace"],
	}, true
}
