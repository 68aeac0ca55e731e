package eval

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// xtRecent is struct xt_recent_mtinfo_v1, and recent_mt(): an address is asked for in a list, or
// put there, which always holds. How long ago one in the list was seen is counted in ticks, of
// which a second has from 100 to 1000.
func (e *evaluator) xtRecent(data []byte, p Packet) (holds, known bool) {
	const flagsAt, invertAt, nameAt, sideAt, maskAt, size = 8, 9, 10, 210, 212, 228
	const set, remove, ttl = 1 << 1, 1 << 3, 1 << 4
	if len(data) < size || data[flagsAt]&ttl != 0 || p.conn.srcUnknown || p.conn.dstUnknown {
		return false, false
	}
	inverse := data[invertAt] != 0
	if data[flagsAt]&set != 0 {
		return !inverse, true
	}
	addr := p.Src
	if data[sideAt] != 0 {
		addr = p.Dst
	}
	masked := addr.AsSlice()
	for i := range masked {
		masked[i] &= data[maskAt+i]
	}
	addr, _ = netip.AddrFromSlice(masked)
	name, _, _ := bytes.Cut(data[nameAt:sideAt], []byte{0})
	listed, ago, err := e.env.Recent(string(name), addr)
	seconds, hits := uint64(binary.NativeEndian.Uint32(data)), binary.NativeEndian.Uint32(data[4:])
	switch {
	case err != nil:
		return false, false
	case !listed:
		return inverse, true
	case data[flagsAt]&remove != 0 || seconds == 0 && hits == 0:
		return !inverse, true
	case seconds != 0 && ago > seconds*1000:
		return inverse, true
	}
	return !inverse, hits <= 1 && (seconds == 0 || ago > 0 && ago < seconds*100)
}

// Recent implements Env.
func (k Kernel) Recent(name string, addr netip.Addr) (listed bool, ago uint64, err error) {
	if k.Err != nil {
		return false, 0, k.Err
	}
	err = k.One.Netns().Do(func() error {
		rows, err := os.ReadFile(filepath.Join("/proc/thread-self/net/xt_recent", filepath.Base(name)))
		for row := range strings.Lines(string(rows)) {
			f := strings.Fields(row) // src=ADDR ttl: N last_seen: TICKS oldest_pkt: …
			if len(f) < 5 || f[0] != "src="+addr.String() {
				continue
			}
			seen, _ := strconv.ParseUint(f[4], 10, 64)
			listed = true
			if now := ticks(); now >= seen {
				ago = now - seen + 1 // it may have been in this one
			}
		}
		return err
	})
	return listed, ago, err
}

// ticks is what the kernel has counted (jiffies); 0 where only a more privileged user is told.
func ticks() uint64 {
	file, err := os.Open("/proc/timer_list")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if told, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "jiffies: "); ok {
			now, _ := strconv.ParseUint(told, 10, 64)
			return now
		}
	}
	return 0
}
