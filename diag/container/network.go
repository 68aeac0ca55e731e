package container

import (
	"encoding/json"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nstutor/internal/plainfile"
)

// Network is one that podman gives its containers, as its file says (netavark). Name and
// File come from strangers, as those of containers do.
type Network struct {
	Name, Bridge string
	Subnets      []netip.Prefix
	Internal     bool   // it has no way out, on purpose
	File         string // below the root
}

// manyNetworks bounds the files that are looked at.
const manyNetworks = 1000

// networkFolders are where podman keeps them: root's, and those of the user who asks.
func networkFolders() []string {
	folders := []string{"/etc/containers/networks", "/var/lib/containers/storage/networks"}
	data := os.Getenv("XDG_DATA_HOME")
	if home := os.Getenv("HOME"); data == "" && home != "" {
		data = filepath.Join(home, ".local/share")
	}
	if filepath.IsAbs(data) {
		folders = append(folders, filepath.Join(data, "containers/storage/networks"))
	}
	return folders
}

// Networks reads those of the machine with a root folder. What is no file of a network is
// left out.
func Networks(root string) (all []Network) {
	dir, err := plainfile.OpenRoot(root)
	if err != nil {
		return nil
	}
	defer dir.Close()
	for _, folder := range networkFolders() {
		names := dir.List(folder)
		slices.Sort(names)
		for _, name := range names[:min(len(names), manyNetworks)] {
			if !strings.HasSuffix(name, ".json") {
				continue
			}
			if n, ok := networkOf(dir, path.Join(folder, name)); ok {
				all = append(all, n)
			}
		}
	}
	return all
}

// networkOf reads one file.
func networkOf(dir *plainfile.Root, file string) (Network, bool) {
	var said struct {
		Name     string `json:"name"`
		Bridge   string `json:"network_interface"`
		Internal bool   `json:"internal"`
		Subnets  []struct {
			Subnet netip.Prefix `json:"subnet"`
		} `json:"subnets"`
	}
	text, err := dir.Read(file)
	if err != nil || json.Unmarshal(text, &said) != nil || said.Name == "" || said.Bridge == "" {
		return Network{}, false
	}
	n := Network{Name: said.Name, Bridge: said.Bridge, Internal: said.Internal, File: file}
	for _, s := range said.Subnets {
		n.Subnets = append(n.Subnets, s.Subnet.Masked())
	}
	return n, true
}

// Has reports whether an address is one of the network's.
func (n Network) Has(addr netip.Addr) bool {
	return slices.ContainsFunc(n.Subnets, func(p netip.Prefix) bool { return p.Contains(addr) })
}
