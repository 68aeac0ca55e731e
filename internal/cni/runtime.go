package cni

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nstutor/internal/say"
)

// Runtime calls plugins for containers.
type Runtime struct {
	Path string // $PATH of the plugins
}

// conflist is a network's configuration: its plugins, in the order of ADD.
type conflist struct {
	Name    string           `json:"name"`
	Version string           `json:"cniVersion"`
	Plugins []map[string]any `json:"plugins"`
}

// Main is the command `cni`: add, check or del, the name of a namespace, and the
// configuration's file, where that is not the first of its folder.
func Main(args []string, path string) error {
	if len(args) < 2 || len(args) > 3 || !slices.Contains([]string{"add", "check", "del"}, args[0]) {
		return say.Err("usage: cni add|check|del NAMESPACE [CONFLIST]", "用法：cni add|check|del 命名空间 [CONFLIST]")
	}
	file := ""
	if len(args) == 3 {
		file = args[2]
	}
	result, err := Runtime{path}.Run(context.Background(), strings.ToUpper(args[0]), args[1], file)
	if err != nil || result == nil {
		return err
	}
	text, err := json.MarshalIndent(result, "", "  ")
	fmt.Println(string(text))
	return err
}

// Run has the plugins of a configuration do a command for a namespace. ADD remembers the
// result, which CHECK and DEL give to the plugins again. An empty file stands for the
// one that ADD took, or else for the first there is.
func (r Runtime) Run(ctx context.Context, command, container, file string) (map[string]any, error) {
	was, err := remembered(container)
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = was.File
	}
	list, file, err := read(file)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(netnsDir, container)); err != nil && command != Del {
		return nil, say.Err("%s: no such namespace", "%s：没有这个命名空间", container)
	}
	if command == Del {
		slices.Reverse(list.Plugins)
	}
	result := was.Result
	if command == Add {
		result = nil
	}
	for _, plugin := range list.Plugins {
		name, _ := plugin["type"].(string)
		config := map[string]any{"name": list.Name, "cniVersion": list.Version}
		for key, value := range plugin {
			config[key] = value
		}
		if result != nil {
			config["prevResult"] = result
		}
		said, err := Call{Command: command, Container: container, Plugin: name, Config: config}.Do(ctx, r.Path)
		if err != nil {
			return nil, say.Err("%s %s: %v", "%s %s：%v", command, container, err)
		}
		if command == Add && said != nil {
			result = said
		}
	}
	switch command {
	case Add:
		return result, memory{File: file, Result: result}.keep(container)
	case Del:
		return nil, forget(container)
	}
	return nil, nil
}

// read reads a configuration, or the first of all.
func read(file string) (list conflist, name string, err error) {
	if file == "" {
		all, _ := filepath.Glob(filepath.Join(ConfDir, "*.conflist"))
		if len(all) == 0 {
			return list, "", say.Err("%s has no *.conflist", "%s 里没有 *.conflist", ConfDir)
		}
		file = all[0]
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return list, file, err
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return list, file, say.At(file, err)
	}
	if len(list.Plugins) == 0 {
		return list, file, say.Err("%s: no plugins", "%s：没有插件", file)
	}
	return list, file, nil
}

// memory is what a runtime keeps of a container.
type memory struct {
	File   string         `json:"file"`
	Result map[string]any `json:"result"`
}

func cacheFile(container string) string {
	return filepath.Join(stateDir, "cache", filepath.Base(container)+".json")
}

func remembered(container string) (m memory, err error) {
	raw, err := os.ReadFile(cacheFile(container))
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	return m, err
}

func (m memory) keep(container string) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(cacheFile(container)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(cacheFile(container), raw, 0o644)
}

func forget(container string) error {
	err := os.Remove(cacheFile(container))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
