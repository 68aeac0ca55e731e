package cni

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"nstutor/internal/say"
)

// reserve takes the next free address of a network for a container: a file for each, as
// the plugin host-local has them. The first address is the gateway's.
func reserve(dir string, subnet netip.Prefix, container string) (netip.Addr, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return netip.Addr{}, err
	}
	for addr := gatewayOf(subnet).Next(); subnet.Contains(addr); addr = addr.Next() {
		file, err := os.OpenFile(filepath.Join(dir, addr.String()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return netip.Addr{}, err
		}
		_, err = file.WriteString(container)
		return addr, say.Join(err, file.Close())
	}
	return netip.Addr{}, say.Err("%s: no address is left", "%s：地址用完了", subnet)
}

// reserved is the address that a container has taken.
func reserved(dir, container string) (netip.Addr, bool) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		owner, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if addr, ok := netip.ParseAddr(e.Name()); err == nil && ok == nil && strings.TrimSpace(string(owner)) == container {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// release gives it back; that there is none is no error.
func release(dir, container string) error {
	addr, ok := reserved(dir, container)
	if !ok {
		return nil
	}
	return os.Remove(filepath.Join(dir, addr.String()))
}

func gatewayOf(subnet netip.Prefix) netip.Addr { return subnet.Masked().Addr().Next() }
