using System.CommandLine;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Orchestrator.Containers.Images;
using Orchestrator.Containers.Layers;
using Orchestrator.Containers.Verity;
using Orchestrator.Crypto;
using Orchestrator.Crypto.IO;
using Orchestrator.Errors;

namespace Orchestrator.Cli.Commands;

/// <summary><c>orchestrator image</c>: what container images in local files are, and what a policy will call their layers.</summary>
internal static class ImageCommands
{
    private const string LayerSuffix = ".layer";

    public static Command Create(Terminal terminal) => CliCommand.Group(
        "image", "Look at container images in local files: OCI layouts (folders or archives) and docker archives.", Inspect(terminal), Layers(terminal), Verify(terminal));

    private static CliCommand Inspect(Terminal terminal)
    {
        Argument<string> path = PathArgument("An OCI layout or a docker archive.");
        Option<string?> reference = ReferenceOption();
        var command = new CliCommand(
            "inspect",
            "Print what an image says of itself: its digest, what it runs, and its layers. The documents are checked; the layers are not unpacked.",
            "orchestrator image inspect busybox.tar",
            "orchestrator image inspect layout --reference 1.36 --json")
        {
            path, reference,
        };
        command.SetAction(parsed =>
        {
            using ContainerImage image = ContainerImage.Open(parsed.GetRequiredValue(path), parsed.GetValue(reference));
            terminal.Result(ToJson(image), Text(image));
        });
        return command;
    }

    private static CliCommand Layers(Terminal terminal)
    {
        Argument<string> path = PathArgument("An OCI layout or a docker archive.");
        Option<string?> reference = ReferenceOption();
        var output = new Option<string?>("--out") { Description = "Keep the layer images in this folder, each as ROOTHASH.layer.", HelpName = "FOLDER" };
        var command = new CliCommand(
            "layers",
            "Check every layer of an image, make its layer image, and print the root hashes as a policy lists them, the bottom layer first.",
            "orchestrator image layers busybox.tar",
            "orchestrator image layers busybox.tar --out layers --json")
        {
            path, reference, output,
        };
        command.SetAction(parsed =>
        {
            using ContainerImage image = ContainerImage.Open(parsed.GetRequiredValue(path), parsed.GetValue(reference));
            using var folder = LayerFolder.At(parsed.GetValue(output));
            IReadOnlyList<LayerImage> layers = Build(image, folder.Path);
            terminal.Result(layers.Select(layer => ToJson(layer, folder.IsKept)), string.Join('\n', layers.Select(layer => layer.RootHash)));
        });
        return command;
    }

    private static CliCommand Verify(Terminal terminal)
    {
        Argument<string> path = PathArgument("An OCI layout or a docker archive; or a layer image, ROOTHASH.layer.");
        Option<string?> reference = ReferenceOption();
        var root = new Option<string?>("--root") { Description = "Of a layer image: the root hash that it has to have, in place of the one in its name.", HelpName = "HASH" };
        var command = new CliCommand(
            "verify",
            "Check all of an image: every digest, every entry of every layer. Or check all of a layer image against its root hash. Prints `verified` if nothing is wrong.",
            "orchestrator image verify busybox.tar",
            "orchestrator image verify layers/7f2c…e1.layer")
        {
            path, reference, root,
        };
        command.SetAction(parsed =>
        {
            string file = parsed.GetRequiredValue(path);
            if (file.EndsWith(LayerSuffix, StringComparison.Ordinal) || parsed.GetValue(root) is not null)
            {
                VerifyLayer(terminal, file, parsed.GetValue(root) ?? Path.GetFileNameWithoutExtension(file));
                return;
            }

            using ContainerImage image = ContainerImage.Open(file, parsed.GetValue(reference));
            using var folder = LayerFolder.At(null);
            IReadOnlyList<LayerImage> layers = Build(image, folder.Path);
            terminal.Result(
                new { verified = true, digest = image.Digest.ToString(), layers = layers.Select(layer => layer.RootHash.ToString()) },
                $"verified: image {image.Digest}, {(layers.Count == 1 ? "1 layer" : $"{layers.Count} layers")}");
        });
        return command;
    }

    private static void VerifyLayer(Terminal terminal, string path, string root)
    {
        if (!Digest.TryParse(root, out Digest expected))
        {
            throw new OrchestratorException(CliErrors.Usage, $"\"{root}\" is not a root hash of 64 lower-case hexadecimal digits.");
        }

        long length = LocalFile.Guard(path, () =>
        {
            using SafeFileHandle file = File.OpenHandle(path);
            VerifiedLayer layer = VerifiedLayer.Open(file, expected);
            layer.CheckAll();
            return layer.Length;
        });
        terminal.Result(
            new { verified = true, root_hash = root, length },
            string.Create(CultureInfo.InvariantCulture, $"verified: layer image {root}, {length} bytes of file system"));
    }

    private static List<LayerImage> Build(ContainerImage image, string folder) =>
        [.. Enumerable.Range(0, image.Layers.Length).Select(index => image.BuildLayer(index, folder).Image)];

    private static Argument<string> PathArgument(string description) => new("PATH") { Description = description };

    private static Option<string?> ReferenceOption() => new("--reference") { Description = "Which image of several.", HelpName = "NAME" };

    private static object ToJson(LayerImage layer, bool kept) => new
    {
        root_hash = layer.RootHash.ToString(),
        diff_id = layer.DiffId.ToString(),
        length = layer.Length,
        path = kept ? layer.Path : null,
    };

    private static object ToJson(ContainerImage image) => new
    {
        format = image.Format,
        digest = image.Digest.ToString(),
        names = image.Names,
        entrypoint = image.Configuration.Entrypoint,
        command = image.Configuration.Command,
        environment = image.Configuration.Environment,
        working_dir = image.Configuration.WorkingDirectory,
        user = image.Configuration.User,
        layers = image.Layers.Select(layer => new { diff_id = layer.DiffId.ToString(), layer.Length, layer.Packing }),
    };

    private static string Text(ContainerImage image)
    {
        ImageConfiguration configuration = image.Configuration;
        var text = new StringBuilder();
        Line("image", $"{image.Digest} ({image.Format})");
        Line("names", string.Join(", ", image.Names));
        Line("entrypoint", Words(configuration.Entrypoint));
        Line("command", Words(configuration.Command));
        Line("working_dir", configuration.WorkingDirectory);
        Line("user", configuration.User.Length > 0 ? configuration.User : "0");
        foreach (string variable in configuration.Environment)
        {
            Line("environment", variable);
        }

        foreach (ImageLayer layer in image.Layers)
        {
            Line("layer", string.Create(CultureInfo.InvariantCulture, $"{layer.DiffId}, {layer.Length} bytes{(layer.Packing == "none" ? "" : $" in {layer.Packing}")}"));
        }

        return text.ToString().TrimEnd();

        void Line(string name, string value) => text.AppendLine(CultureInfo.InvariantCulture, $"{name,-14}{(value.Length > 0 ? value : "-")}");
    }

    private static string Words(IEnumerable<string> words) => string.Join(' ', words.Select(word => word.Length > 0 && !word.Any(char.IsWhiteSpace) ? word : $"\"{word}\""));
}
