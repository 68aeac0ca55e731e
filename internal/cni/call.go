package cni

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"nstutor/internal/say"
)

// The commands of the contract (CNI 1.0.0) that a runtime gives.
const (
	Add   = "ADD"
	Check = "CHECK"
	Del   = "DEL"
)

// Where the lab's files of CNI are. The machine's own are never written to.
const (
	ConfDir   = "/etc/cni/net.d"
	BinDir    = "/run/cni/bin"
	stateDir  = "/run/cni"
	ifName    = "eth0"
	netnsDir  = "/run/netns"
	cniFormat = "1.0.0"
)

// binDirs are where plugins are looked for: the learner's before those of the machine.
var binDirs = []string{BinDir, "/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"}

// Call is one call of a plugin.
type Call struct {
	Command, Container string
	Plugin             string // its type, which is the name of the program
	Config             map[string]any
}

// environment is what a plugin is told in variables.
func (c Call) environment() []string {
	return []string{
		"CNI_COMMAND=" + c.Command, "CNI_CONTAINERID=" + c.Container, "CNI_NETNS=" + filepath.Join(netnsDir, c.Container),
		"CNI_IFNAME=" + ifName, "CNI_PATH=" + strings.Join(binDirs, ":"),
	}
}

// failure is what a plugin prints where it fails.
type failure struct {
	Code    int    `json:"code"`
	Msg     string `json:"msg"`
	Details string `json:"details"`
}

// Do makes the call and returns what the plugin printed. An error is what the plugin
// says of it, by its exit status and its JSON.
func (c Call) Do(ctx context.Context, path string) (map[string]any, error) {
	program, found := find(c.Plugin)
	if !found {
		own, known := ownPlugins[c.Plugin]
		if !known {
			return nil, say.Err("plugin %q: no such program in %s", "插件 %q：%s 中没有这个程序", c.Plugin, strings.Join(binDirs, ":"))
		}
		return own.do(ctx, c)
	}
	config, err := json.Marshal(c.Config)
	if err != nil {
		return nil, err
	}
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), append(c.environment(), "PATH="+path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(config), &out, &complaints
	failed := cmd.Run()
	if failed != nil {
		var f failure
		if json.Unmarshal(out.Bytes(), &f) == nil && f.Msg != "" {
			return nil, say.Err("plugin %q: %s", "插件 %q：%s", c.Plugin, strings.TrimSpace(f.Msg+" "+f.Details))
		}
		return nil, say.Err("plugin %q: %v: %s", "插件 %q：%v：%s", c.Plugin, failed, strings.TrimSpace(complaints.String()+out.String()))
	}
	if out.Len() == 0 {
		return nil, nil
	}
	result := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		return nil, say.Err("plugin %q: what it printed is no JSON: %v", "插件 %q：它打印的不是 JSON：%v", c.Plugin, err)
	}
	return result, nil
}

// find is the program of a plugin.
func find(plugin string) (string, bool) {
	for _, dir := range binDirs {
		path := filepath.Join(dir, plugin)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, true
		}
	}
	return "", false
}
