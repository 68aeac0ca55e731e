package door

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/say"
	"nstutor/internal/sockopt"
)

// askingTime is how long the other side of a door may take for one answer: a lab
// that is stopped gives none.
const askingTime = 2 * time.Second

// doorPrefix begins the name of each lab's socket.
const doorPrefix = "lab-"

// doors is the folder with the sockets of one user's labs. Its path goes by its
// descriptor: a socket's address has room for 107 bytes only, and nobody can put
// another folder in its place.
type doors struct{ fd int }

// doorDir is where the folder is. The lab has a /run of its own, so that the
// user's folder in there ($XDG_RUNTIME_DIR) is not seen from both sides.
func doorDir() string {
	return filepath.Join(os.TempDir(), "nstutor-"+strconv.Itoa(lab.RealUID()))
}

// openDoors opens the folder, and makes it when make is true. A folder that
// others own or may enter is refused: /tmp is everybody's.
func openDoors(make bool) (*doors, error) {
	path := doorDir()
	if make {
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&0o077 != 0 {
		unix.Close(fd)
		return nil, say.Err("%s is not a folder of this user alone (mode 0700): remove it", "目录 %s 不是本用户独占的（权限应为 0700）：请删除它", path)
	}
	return &doors{fd}, nil
}

func (d *doors) close() { unix.Close(d.fd) }

// path is where a socket of that name is.
func (d *doors) path(name string) string { return fmt.Sprintf("/proc/self/fd/%d/%s", d.fd, name) }

// names lists the sockets.
func (d *doors) names() []string {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/self/fd/%d", d.fd))
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), doorPrefix) {
			names = append(names, e.Name())
		}
	}
	return names
}

// dial connects to a socket. One that nobody listens at is of a lab that was
// killed: it is removed, and its name is never given again.
func (d *doors) dial(name string) (*net.UnixConn, error) {
	conn, err := net.DialTimeout("unix", d.path(name), askingTime)
	if errors.Is(err, unix.ECONNREFUSED) {
		os.Remove(d.path(name))
	}
	if err != nil {
		return nil, err
	}
	return conn.(*net.UnixConn), nil
}

// Serve opens the lab's door: until ctx ends or the lab is closed, `nstutor
// shell` of the same user may come in from another terminal. It returns at once,
// with an error when there is no place for the door: the lab does without then.
//
// about says what the lab is at, such as "step 2.7"; it is called from another
// goroutine for each visitor that asks.
func Serve(ctx context.Context, l *lab.Lab, about func() say.Text) error {
	folder, err := openDoors(true)
	if err != nil {
		return err
	}
	for _, name := range folder.names() {
		if conn, err := folder.dial(name); err == nil {
			conn.Close()
		}
	}
	name := doorPrefix + strings.ToLower(rand.Text()[:16])
	listener, err := folder.listen(name)
	if err != nil {
		folder.close()
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	closed := make(chan struct{})
	shut := func() {
		stop()
		<-closed
	}
	l.BeforeClose(shut)
	context.AfterFunc(ctx, func() {
		listener.Close()
		os.Remove(folder.path(name))
		folder.close()
		close(closed)
	})
	since := time.Now()
	describe := func() description { return description{since.Unix(), say.Pack(about()), l.Names()} }
	go receive(ctx, l, listener, describe)
	return nil
}

// listen makes the socket. It gets its name when it listens already: one that
// has a name and does not listen is taken for a dead lab's.
func (d *doors) listen(name string) (*net.UnixListener, error) {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.path("." + name), Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	if err := os.Rename(d.path("."+name), d.path(name)); err != nil {
		listener.Close()
		os.Remove(d.path("." + name))
		return nil, err
	}
	return listener, nil
}

// receive lets visitors in.
func receive(ctx context.Context, l *lab.Lab, listener *net.UnixListener, describe func() description) {
	for {
		conn, err := listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(100 * time.Millisecond) // out of descriptors
			continue
		}
		go func() {
			defer conn.Close()
			// A user who is not in this user namespace has the number 65534 here.
			if peer, err := peerOf(conn); err == nil && int(peer.Uid) == os.Geteuid() {
				welcome(ctx, l, conn, describe)
			}
		}()
	}
}

// peerOf says who is at the other end of a connection (SO_PEERCRED).
func peerOf(conn *net.UnixConn) (peer *unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	err = sockopt.Control(raw, func(fd int) (err error) {
		peer, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err
	})
	return peer, err
}
