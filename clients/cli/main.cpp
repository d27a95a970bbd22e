#include <cctype>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli.h"
#include "tenfold/version.h"

namespace tenfold::cli {
namespace {

struct Verb {
  const char* name;
  Action (*add)(CLI::App&);
};

std::vector<Verb> verbs() {
  std::vector<Verb> list;
#define VERB(name) list.push_back({#name, add_##name});
#include "verbs.def"
#undef VERB
  return list;
}

// "unknown verb 'buidl'; did you mean 'build'?" before the parser turns it into something vaguer.
void check_verb(int argc, char** argv) {
  if (argc < 2) {
    std::string all;
    for (const Verb& v : verbs()) all += (all.empty() ? "" : ", ") + std::string(v.name);
    throw UsageError("a verb is missing: " + all + "; see tenfold --help");
  }
  if (argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const Verb& v : verbs()) names.push_back(v.name);
  for (const std::string& n : names)
    if (n == argv[1]) return;
  names.insert(names.end(), {"--help", "--version"});
  const std::string near = nearest_name(argv[1], names);
  throw UsageError(
      fmt::format("unknown verb '{}'{}", argv[1],
                  near.empty() ? "; see tenfold --help" : "; did you mean '" + near + "'?"));
}

// The parser's message with the nearest option of the chosen verb.
std::string with_suggestion(const CLI::App& app, const std::string& message, int argc,
                            char** argv) {
  std::vector<std::string> known;
  const CLI::App* verb = nullptr;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    if (argc > 1 && sub->get_name() == argv[1]) verb = sub;
  for (const CLI::Option* o : (verb ? verb : &app)->get_options())
    for (const std::string& n : o->get_lnames()) known.push_back("--" + n);
  for (int k = 1; k < argc; ++k) {
    std::string arg = argv[k];
    arg = arg.substr(0, arg.find('='));
    // A word after one dash is none of a value's: "-fp16".
    const bool one_dash = arg.size() > 2 && arg[0] == '-' && std::isalpha(arg[1]) != 0 &&
                          message.find(arg) != std::string::npos;
    if ((!one_dash && !arg.starts_with("--")) ||
        std::find(known.begin(), known.end(), arg) != known.end())
      continue;
    const std::string near = nearest_name(one_dash ? "-" + arg : arg, known);
    const std::string help =
        fmt::format("; see tenfold {}--help", verb ? verb->get_name() + " " : "");
    return fmt::format("unknown option {}{}", arg,
                       near.empty() ? help : "; did you mean " + near + "?");
  }
  return message;
}

int run(int argc, char** argv) {
  CLI::App app{"Tenfold: compile trained networks and run them, on a CPU or an NVIDIA GPU"};
  app.name("tenfold");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("tenfold ") + version());
  app.footer(
      "Examples:\n  tenfold classify examples/digits/digits.tar.gz "
      "examples/digits/pictures/3-*.png\n"
      "  tenfold build model.tar.gz -o model.plan --batch 1,8\n  tenfold bench model.plan --json\n"
      "Exit status: 0 ok, 2 usage, 3 unsupported, 4 corrupt or unreadable, 5 accuracy, 6 "
      "resources, 7 device, 1 a defect of ours");
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Verb& v : verbs()) {
    CLI::App* sub = app.add_subcommand(v.name);
    Action action = v.add(*sub);
    actions.emplace_back(sub, std::move(action));
  }
  try {
    check_verb(argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    std::ostringstream out;
    const int status = app.exit(e, out, std::cerr);
    put_text(out.str());
    end_output();
    return status;
  } catch (const CLI::ParseError& e) {
    throw UsageError(with_suggestion(app, e.what(), argc, argv));
  }
  for (auto& [sub, action] : actions)
    if (sub->parsed()) action();
  end_output();
  return kOk;
}

}  // namespace
}  // namespace tenfold::cli

namespace {

// What follows `--` is a file, whatever it is called.
std::vector<std::string> without_separator(int argc, char** argv) {
  std::vector<std::string> words;
  bool files = false;
  for (int k = 0; k < argc; ++k) {
    const std::string word = argv[k];
    if (!files && word == "--")
      files = true;
    else
      words.push_back(files && word.starts_with('-') ? "./" + word : word);
  }
  return words;
}

// As "--flag" or "--flag=true".
bool given(const std::vector<std::string>& words, const std::string& flag) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == flag || word == flag + "=true";
  });
}

}  // namespace

// No file that the program opens may become its output: descriptors that the caller closed lead
// nowhere.
static void keep_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) == -1) (void)open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
}

int main(int argc, char** argv) {
  using namespace tenfold;
  keep_standard_descriptors();
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a file over its limit is an error of writing
  set_log_sink([](Severity s, std::string_view line) {
    cli::say("{}{}\n",
             s == Severity::kError     ? "error: "
             : s == Severity::kWarning ? "warning: "
                                       : "",
             line);
  });
  std::vector<std::string> words = without_separator(argc, argv);
  for (size_t k = 0; k < words.size(); ++k)
    if (words[k] == "--progress=json" ||
        (words[k] == "--progress" && k + 1 < words.size() && words[k + 1] == "json"))
      cli::say_as_json(true);
  // Says what ended the command; as a document, too, where one was asked for.
  const auto end = [&](int status, const std::string& message) {
    cli::say("tenfold: {}\n", message);
    if (given(words, "--json") && std::ferror(stdout) == 0)
      cli::print_document({{"error", {{"status", status}, {"message", message}}}});
    return status;
  };
  try {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    return cli::run(static_cast<int>(pointers.size()), pointers.data());
  } catch (const cli::ExitWith& e) {
    return e.status;
  } catch (const cli::UsageError& e) {
    return end(cli::kUsage, e.what());
  } catch (const Error& e) {
    return end(cli::exit_for(e.code()), e.full());
  } catch (const std::bad_alloc&) {
    return end(cli::kResources, "out of memory");
  } catch (const std::exception& e) {
    if (std::ferror(stdout) != 0)
      return end(cli::exit_for(Code::kIo), "standard output: cannot be written");
    return end(cli::kOurs, std::string("internal error: ") + e.what());
  }
}
