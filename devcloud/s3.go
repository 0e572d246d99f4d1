package devcloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"

	"bespoke/iam"
)

// S3Config says what an S3 endpoint serves.
type S3Config struct {
	Dir    string // folder of the buckets, made where it is missing: one folder per bucket, one file per object
	Listen string // host:port; "" means 127.0.0.1:0, port 0 any free one
	Access string // the one access key, which may do everything
	Secret string
	Region string     // "" means us-east-1
	IAM    *iam.Store // keeps the bucket policies
	// MetaDir holds what is known about objects beside their content, where
	// the file system of Dir has no extended attributes; "" means Dir with
	// "-meta" added.
	MetaDir string
	// MetaFiles uses MetaDir even so.
	MetaFiles bool
}

func (c S3Config) validate() error {
	var errs []error
	for name, value := range map[string]string{"Dir": c.Dir, "Access": c.Access, "Secret": c.Secret} {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s is missing", name))
		}
	}
	if c.IAM == nil {
		errs = append(errs, errors.New("IAM is missing"))
	}
	return errors.Join(errs...)
}

// S3 is a running S3 endpoint. Several fit in one process.
type S3 struct {
	addr    string
	buckets *buckets
	server  *s3api.S3ApiServer
	served  chan error // what serving ended with
}

const (
	maxConnections = 4096
	maxRequests    = 1024
	maxParts       = 10_000 // of a multipart upload, as in S3
)

// OpenS3 starts an S3 endpoint and returns once it answers.
func OpenS3(ctx context.Context, cfg S3Config) (*S3, error) {
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("embedded S3: %w", err)
	}
	b, err := openBuckets(cfg)
	if err != nil {
		return nil, fmt.Errorf("embedded S3: %w", err)
	}
	root := middlewares.RootUserConfig{Access: cfg.Access, Secret: cfg.Secret}
	accounts := rootOnly{auth.NewIAMServiceSingle(auth.Account{Access: cfg.Access, Secret: cfg.Secret, Role: auth.RoleAdmin})}
	listening := make(chan struct{})
	options := append(policyRoutes(b, root, accounts, cfg.Region),
		s3api.WithQuiet(),
		s3api.WithKeepAlive(),
		s3api.WithConcurrencyLimiter(maxConnections, maxRequests),
		s3api.WithMpMaxParts(maxParts),
		s3api.WithOnListen(sync.OnceFunc(func() { close(listening) })),
	)
	server, err := s3api.New(b, root, cfg.Region, accounts, nil, nil, nil, nil, options...)
	if err != nil {
		b.Shutdown()
		return nil, fmt.Errorf("embedded S3: %w", err)
	}
	s := &S3{buckets: b, server: server, served: make(chan error, 1)}
	if err := s.listen(ctx, cfg.Listen, listening); err != nil {
		b.Shutdown()
		return nil, fmt.Errorf("embedded S3: %w", err)
	}
	return s, nil
}

// rootOnly has one account. Of another access key it says what makes the
// gateway answer InvalidAccessKeyId.
type rootOnly struct{ auth.IAMService }

func (r rootOnly) GetUserAccount(access string) (auth.Account, error) {
	account, err := r.IAMService.GetUserAccount(access)
	if err != nil {
		return account, auth.ErrNoSuchUser
	}
	return account, nil
}

// listen serves on addr. The gateway takes an address and keeps its listener
// to itself, so a free port is found first and, should somebody be faster,
// once more.
func (s *S3) listen(ctx context.Context, addr string, listening <-chan struct{}) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for attempt := 1; ; attempt++ {
		s.addr = addr
		if port == "0" {
			if s.addr, err = freeAddr(host); err != nil {
				return fmt.Errorf("listen on %s: %w", addr, err)
			}
		}
		go func() { s.served <- s.server.ServeMultiPort([]string{s.addr}) }()
		select {
		case <-listening:
			return nil
		case err := <-s.served:
			if port != "0" || !errors.Is(err, syscall.EADDRINUSE) || attempt == 10 {
				return fmt.Errorf("listen on %s: %w", addr, err)
			}
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), s.stop())
		}
	}
}

func freeAddr(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	defer l.Close()
	return net.JoinHostPort(host, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)), nil
}

// URL returns the endpoint's address as SDKs take it.
func (s *S3) URL() string { return "http://" + s.addr }

// Close lets requests under way finish, for as long as ctx lets it and ten
// seconds at most, and stops. Connections that clients still hold open by then,
// in use or not, are no error: they end with the process.
func (s *S3) Close(ctx context.Context) error {
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	select {
	case err := <-stopped:
		if errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		return err
	case <-ctx.Done():
		return nil
	}
}

func (s *S3) stop() error {
	err := s.server.ShutDown()
	<-s.served // says that its listener is closed, which was the intent
	s.buckets.Shutdown()
	return err
}

// openBuckets prepares the folder. The posix backend beneath wants to make its
// root the working directory of the process, which would keep a second server
// from running and move the ground under everybody's relative paths. It is
// given the directory that the process has anyway, and buckets as absolute
// paths.
func openBuckets(cfg S3Config) (*buckets, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var metadata meta.MetadataStorer = meta.XattrMeta{}
	if cfg.MetaFiles || (meta.XattrMeta{}).Test(dir) != nil {
		metaDir, err := filepath.Abs(cmp.Or(cfg.MetaDir, dir+"-meta"))
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(metaDir, 0o755); err != nil {
			return nil, err
		}
		files, err := meta.NewSideCar(metaDir)
		if err != nil {
			return nil, err
		}
		metadata = sidecar{files}
	}
	files, err := posix.New(".", metadata, posix.PosixOpts{
		ForceNoObjLockFile: true, // one process has the folder
		Concurrency:        maxRequests,
	})
	if err != nil {
		return nil, err
	}
	return &buckets{posix: files, dir: dir, region: cfg.Region, iam: cfg.IAM}, nil
}
