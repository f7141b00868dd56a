// A program of an agent's on aws-sdk-go-v2: each command is one thing that such programs do, through AWS_ENDPOINT_URL.
//
// Debian's packages have all that it needs; it is built offline, as Debian builds (test_clients.py):
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o goclient .
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const partSize = 16 << 20

func main() {
	if len(os.Args) < 2 {
		fail(errors.New("usage: goclient identity | parameter NAME | create-user NAME | upload FILE BUCKET KEY ALGORITHM | " +
			"stream FILE BUCKET KEY ALGORITHM | download BUCKET KEY FILE | read BUCKET KEY FILE"))
	}
	ctx := context.Background()
	settings, err := load(ctx)
	if err != nil {
		fail(err)
	}
	if err := run(ctx, settings, os.Args[1], os.Args[2:]); err != nil {
		fail(err)
	}
}

// load takes region, role, token file and CA bundle from the environment; this version of the SDK has to be told of
// AWS_ENDPOINT_URL by its program.
func load(ctx context.Context) (aws.Config, error) {
	resolver := aws.EndpointResolverWithOptionsFunc(func(service, region string, _ ...interface{}) (aws.Endpoint, error) {
		return aws.Endpoint{URL: os.Getenv("AWS_ENDPOINT_URL"), SigningRegion: region}, nil
	})
	return config.LoadDefaultConfig(ctx, config.WithEndpointResolverWithOptions(resolver))
}

func run(ctx context.Context, settings aws.Config, command string, words []string) error {
	store := s3.NewFromConfig(settings, func(options *s3.Options) { options.UsePathStyle = true })
	switch command {
	case "identity":
		answer, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return err
		}
		fmt.Println(aws.ToString(answer.Arn))
		return nil
	case "parameter":
		answer, err := ssm.NewFromConfig(settings).GetParameter(ctx, &ssm.GetParameterInput{
			Name: aws.String(words[0]), WithDecryption: aws.Bool(true),
		})
		if err != nil {
			return err
		}
		fmt.Println(aws.ToString(answer.Parameter.Value))
		return nil
	case "create-user":
		_, err := iam.NewFromConfig(settings).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(words[0])})
		return err
	case "upload":
		return upload(ctx, store, words)
	case "stream":
		return stream(ctx, store, words)
	case "download":
		return download(ctx, store, words)
	case "read":
		return read(ctx, store, words)
	}
	return fmt.Errorf("no command %s", command)
}

// upload sends a file in parts, each with a checksum.
func upload(ctx context.Context, store *s3.Client, words []string) error {
	file, err := os.Open(words[0])
	if err != nil {
		return err
	}
	defer file.Close()
	uploader := manager.NewUploader(store, func(uploader *manager.Uploader) { uploader.PartSize = partSize })
	_, err = uploader.Upload(ctx, &s3.PutObjectInput{
		Bucket: aws.String(words[1]), Key: aws.String(words[2]), Body: file,
		ChecksumAlgorithm: types.ChecksumAlgorithm(words[3]),
	})
	return err
}

// onlyReader hides that a file can be wound back: the SDK then puts the checksum behind the body, as a trailer.
type onlyReader struct{ io.Reader }

// stream sends a file in one request, its checksum behind it.
func stream(ctx context.Context, store *s3.Client, words []string) error {
	file, err := os.Open(words[0])
	if err != nil {
		return err
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return err
	}
	_, err = store.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(words[1]), Key: aws.String(words[2]), Body: onlyReader{file}, ContentLength: about.Size(),
		ChecksumAlgorithm: types.ChecksumAlgorithm(words[3]),
	})
	return err
}

// download gets an object in ranges, several at a time.
func download(ctx context.Context, store *s3.Client, words []string) error {
	file, err := os.Create(words[2])
	if err != nil {
		return err
	}
	downloader := manager.NewDownloader(store, func(downloader *manager.Downloader) { downloader.PartSize = partSize })
	if _, err := downloader.Download(ctx, file, &s3.GetObjectInput{
		Bucket: aws.String(words[0]), Key: aws.String(words[1]),
	}); err != nil {
		return err
	}
	return file.Close()
}

// read gets an object in one request; the SDK checks its checksum where there is one.
func read(ctx context.Context, store *s3.Client, words []string) error {
	answer, err := store.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(words[0]), Key: aws.String(words[1]), ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	file, err := os.Create(words[2])
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, answer.Body); err != nil {
		return err
	}
	return file.Close()
}

// fail prints an error as an agent reads it: AWS's code and message where there are any.
func fail(err error) {
	var api smithy.APIError
	if errors.As(err, &api) {
		fmt.Fprintf(os.Stderr, "%s: %s\n", api.ErrorCode(), api.ErrorMessage())
	} else {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
	}
	os.Exit(1)
}
