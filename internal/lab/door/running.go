package door

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"nstutor/internal/say"
)

// Door is the way into a lab that runs, for its user at another terminal.
type Door struct {
	PID   int       // the program that the user started, the lab's guardian
	Since time.Time // when the door was opened
	About say.Text  // what the lab is at
	Netns []string  // its namespaces; none when it does not answer

	name string
}

// Stopped says that the lab does not answer: ctrl+z has stopped it.
func (d Door) Stopped() bool { return len(d.Netns) == 0 }

// Running lists the labs of this user whose door is open, the oldest first.
func Running() ([]Door, error) {
	folder, err := openDoors(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer folder.close()
	var mu sync.Mutex
	var found []Door
	var all sync.WaitGroup
	for _, name := range folder.names() {
		all.Go(func() {
			if door, err := folder.ask(name); err == nil {
				mu.Lock()
				found = append(found, door)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.SortFunc(found, func(a, b Door) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return a.PID - b.PID
	})
	return found, nil
}

// ask asks a lab about itself.
func (d *doors) ask(name string) (Door, error) {
	conn, err := d.enter(name)
	if err != nil {
		return Door{}, err
	}
	defer conn.Close()
	peer, err := peerOf(conn)
	if err != nil {
		return Door{}, err
	}
	door := Door{PID: parentOf(int(peer.Pid)), name: name}
	conn.SetDeadline(time.Now().Add(askingTime))
	if err := sendFrame(conn, frameAbout, nil); err != nil {
		return Door{}, err
	}
	_, payload, err := receiveFrame(bufio.NewReader(conn))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return door, nil
	}
	if err != nil {
		return Door{}, err
	}
	var said description
	if err := json.Unmarshal(payload, &said); err != nil {
		return Door{}, err
	}
	door.Since, door.About, door.Netns = time.Unix(said.Since, 0), say.Unpack(said.About), said.Netns
	return door, nil
}

// parentOf is the process whose child the process is, or itself when that is not
// to be seen.
func parentOf(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(status)) {
		var parent int
		if n, _ := fmt.Sscanf(line, "PPid: %d", &parent); n == 1 && parent > 0 {
			return parent
		}
	}
	return pid
}

// enter connects to a lab, and makes sure that it is this user's: SO_PEERCRED is
// who called listen(2).
func (d *doors) enter(name string) (*net.UnixConn, error) {
	conn, err := d.dial(name)
	if err != nil {
		return nil, err
	}
	if peer, err := peerOf(conn); err != nil || int(peer.Uid) != os.Geteuid() {
		conn.Close()
		return nil, say.Err("%s: not a lab of this user", "%s：不是本用户的实验网络", name)
	}
	return conn, nil
}

// Open opens the learner's shell in a namespace of the lab, and shows it on the
// terminal of in and out, which is raw meanwhile. An empty netns is the node. It
// returns when the shell has ended, with its exit status.
//
// The error is ErrLabEnded when the lab ends first, a *NoNetnsError when there is
// no such namespace, ErrNoTerminal when in is not a terminal.
func (d Door) Open(ctx context.Context, netns string, in, out *os.File) (exit int, err error) {
	folder, err := openDoors(false)
	if err != nil {
		return 0, err
	}
	defer folder.close()
	conn, err := folder.enter(d.name)
	if err != nil {
		return 0, ErrLabEnded
	}
	defer conn.Close()
	return visit(ctx, conn, netns, in, out)
}
