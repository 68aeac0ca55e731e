package pane

import (
	"net"
	"slices"

	"nstutor/diag/wire"
	"nstutor/internal/say"
)

// device is one of the lab's.
type device struct{ netns, dev string }

// devices are those of the lab: whose a MAC address is, and what to call them.
type devices struct {
	byMAC map[string][]device // those that are no ports of another come first
	named map[string]int      // how many have the name
	gone  map[string][]device // whose it was when the step began, where the device is no more
}

// devices reads who has which address.
func (v *base) devices() devices {
	d := devices{map[string][]device{}, map[string]int{"lo": 2}, map[string][]device{}}
	there := map[device]bool{}
	for _, name := range v.Network.Names {
		snap := v.Network.Snapshot(name)
		if snap == nil {
			continue
		}
		for _, l := range snap.Links {
			d.named[l.Name]++
			one, mac := device{name, l.Name}, l.MAC.String()
			there[one] = true
			if l.Master == "" {
				d.byMAC[mac] = slices.Insert(d.byMAC[mac], 0, one)
			} else {
				d.byMAC[mac] = append(d.byMAC[mac], one)
			}
		}
	}
	for name, was := range v.Scene.Was.Netns {
		for _, l := range was.Links {
			if one, mac := (device{name, l.Name}), l.MAC.String(); !there[one] {
				d.gone[mac] = append(d.gone[mac], one)
			}
		}
	}
	return d
}

// of is the device whose MAC address it is. Where several have it, it is one of those
// that the frames passed; so is one that is no more.
func (d devices) of(mac net.HardwareAddr, frames []wire.Frame) device {
	all := d.byMAC[mac.String()]
	for _, f := range frames {
		if at := (device{f.Netns, f.Dev}); len(all) == 0 && slices.Contains(d.gone[mac.String()], at) {
			return at
		}
		if at := (device{f.Netns, f.Dev}); slices.Contains(all, at) {
			return at
		}
	}
	if len(all) == 0 {
		return device{}
	}
	return all[0]
}

// name is a device's name, with that of its namespace where there is another of the
// name.
func (d devices) name(netns, dev string) string {
	if d.named[dev] > 1 {
		return say.Clean(netns + " " + dev)
	}
	return say.Clean(dev)
}
