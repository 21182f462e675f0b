"""Words that no command takes, and what their error says: a line each."""

TABLE = """
run                                                        | needs a recipe
run --run x                                                | needs a recipe
run small.yaml                                             | needs --run DIR
run small.yaml --run                                       | --run needs a value
run none.yaml --run x                                      | none.yaml: no such file
run empty.yaml --run x                                     | empty.yaml must be a mapping
run bad.yaml --run x                                       | bad.yaml is not YAML (line 1
run list.yaml --run x                                      | list.yaml must be a mapping
run folder.yaml --run x                                    | folder.yaml cannot be read
run small.yaml --run text.txt                              | text.txt cannot be made a run's directory
run small.yaml --run x --set                               | --set needs
run small.yaml --run x --nope 1                            | there is no step 'nope'
run small.yaml --run x word                                | 'word' is no option
run small.yaml --run x --from nothing                      | --from nothing
run small.yaml --run x --only own --until own              | --only goes without
run small.yaml --run x --processes 0                       | --processes 0
run small.yaml --run x --workers many                      | workers: must be a whole number
run small.yaml --run x --workers -1                        | workers must be 0 or above
run small.yaml --run x --dollars lots                      | spend.dollars
run small.yaml --run x --reuse nowhere                     | --reuse
run small.yaml --run x --questions.train none              | steps.questions.train
run small.yaml --run x --base.path ''                      | models.base
run mpo --size huge --run x                                | no size 'huge'
plan                                                       | needs a recipe first
plan nothing                                               | there is no recipe 'nothing'
plan bad.yaml                                              | bad.yaml is not YAML
plan small.yaml --bad 1                                    | there is no step 'bad'
status                                                     | needs a run
status nowhere                                             | nowhere holds no run
status folder                                              | folder holds no run
status text.txt                                            | text.txt holds no run
status damaged                                             | field 'steps' is missing
status run more                                            | needs a run
status run --nope                                          | --nope is no option
sample                                                     | needs --out DIR
sample --out x                                             | field 'model' is missing
sample --out x --model tiny                                | field 'questions' is missing
sample --out x --model tiny --questions                    | --questions needs a value
sample --out x --model tiny --questions mine.csv --nope 1  | --nope: stage sample has no such setting
sample --out x --model tiny --questions mine.csv --per-question many   | per_question: must be a whole number
sample --out x --model tiny --questions mine.csv --per-question 0      | per_question must be 1 or above
sample --out x --model tiny --questions mine.csv --seed -1             | --seed needs a whole number
sample --out x --model tiny --questions nowhere.jsonl      | nowhere.jsonl
sample --out x --model tiny --questions empty.jsonl        | empty.jsonl
sample --out x --model tiny --questions bad.jsonl          | bad.jsonl:1
sample --out x --model tiny --questions wide.jsonl         | wide.jsonl
sample --out x --model tiny --questions wide.csv           | wide.csv
sample --out x --model tiny --questions empty.csv          | empty.csv
sample --out x --model tiny --questions text.txt           | text.txt
sample --out x --model tiny --questions text.parquet       | text.parquet
sample --out x --model tiny --questions empty.parquet      | empty.parquet
sample --out x --model tiny --questions folder             | folder
sample --out x --model tiny --questions run/own            | own
sample --out text.txt --model tiny --questions mine.csv    | text.txt cannot be made a run's directory
sample --out run --model tiny --questions mine.csv         | run holds other files
judge --out x                                              | field 'chains' is missing
judge --out x --chains nowhere                             | nowhere
judge --out x --chains run/own                             | own/part-00000.parquet
judge --out x --chains run/own --judge rubrik              | no judge 'rubrik'
judge --out x --chains run/own --judge rubric              | judge rubric asks a model
judge --calibrate                                          | Missing
judge --calibrate nope                                     | no judge 'nope'
pair --out x                                               | field 'verdicts' is missing
pair --out x --chains run/own --verdicts run/own --rule by_outcom        | no rule of pairs 'by_outcom'
pair --out x --chains run/own --verdicts run/own --rule.lowest 2         | lowest and highest
train --out x                                              | field 'objective' is missing
train --out x --start tiny --data run/own --objective dpoo --fit.learning-rate 1e-6   | no objective 'dpoo'
train --out x --start tiny --data run/own --objective dpo                | 'learning_rate' is missing
train --out x --start tiny --data run/own --objective dpo --fit.learning-rate -1      | learning_rate must be above 0
train --out x --start tiny --data run/own --objective dpo --fit.learning-rate 1e-6    | own
evaluate                                                   | field 'models' is missing
evaluate --model tiny                                      | field 'questions' is missing
evaluate --model tiny --questions nowhere.csv              | nowhere.csv: no such file
evaluate --model tiny --questions mine.csv --styles dirct  | styles
report                                                     | needs a run
report nowhere                                             | nowhere holds no run
report damaged                                             | field 'steps' is missing
report run --nope                                          | --nope is no option
report run --out                                           | --out needs a value
view                                                       | needs a run
view nowhere                                               | nowhere is no run
view folder                                                | folder is no run
view run --port x                                          | --port needs a whole number
view run --port 99999                                      | --port 99999
view run --nope                                            | --nope
ask                                                        | needs a model, a picture and a question
ask tiny mine.png                                          | needs a model, a picture and a question
ask tiny none.png Q                                        | none.png: there is no such picture
ask tiny folder.png Q                                      | folder.png: there is no such picture
ask tiny empty.png Q                                       | empty.png is no picture
ask tiny text.png Q                                        | text.png is no picture
ask tiny text.png Q --samples 0                            | samples must be 1 or above
ask tiny text.png Q --samples many                         | --samples
ask tiny text.png Q --credit                               | --credit compares two models
grade                                                      | needs a file of predictions
grade nowhere.jsonl                                        | nowhere.jsonl: no such file
grade empty.jsonl                                          | empty.jsonl holds no rows
grade bad.jsonl                                            | bad.jsonl, line 1
grade wide.jsonl                                           | wide.jsonl is in UTF-16
grade folder.jsonl                                         | folder.jsonl
grade text.txt                                             | text.txt
grade mine.csv                                             | mine.csv holds no questions
grade mine.csv --questions nowhere.jsonl                   | --questions nowhere.jsonl
grade mine.csv --jsn                                       | --jsn
data nope                                                  | about data there are
data import                                                | about data there are
data import nowhere --root . --split test                  | no benchmark 'nowhere'
data import chartqa --root nowhere --split test            | nowhere: no such file or folder
data import chartqa --root folder --split test --out x.txt | --out x.txt
data import chartqa --root folder --split tset             | 'tset'
data import inkgrid --root folder --split test             | draws its own questions
data check chartqa                                         | --root
data check chartqa --root nowhere                          | nowhere
data convert nowhere out --to trl                          | nowhere: no such file or folder
data convert folder out --to trl                           | folder holds no file of rows
data convert text.txt out --to trl                         | text.txt
data convert bad.jsonl out --to trl                        | bad.jsonl:1
data convert wide.jsonl out --to trl                       | wide.jsonl
data convert mine.csv out                                  | --to
data stats nowhere                                         | nowhere: no such file or folder
data stats empty.jsonl                                     | empty.jsonl is empty
data push folder me/x                                      | folder holds no
data push nowhere me/x                                     | nowhere: no such folder
data pull me/x mine.csv                                    | mine.csv is there already
push                                                       | Missing
push nowhere me/x                                          | nowhere: no such folder
push folder me/x                                           | folder holds no
push run me/x                                              | run is a run
push run/own a/b/c                                         | 'a/b/c' is no name on the Hub
push run/own me/x --layout peft                            | holds no model
init x.txt                                                 | x.txt: a recipe's file ends in .yaml
init small.yaml                                            | small.yaml is there
init new.yaml --yes --method nope                          | --method 'nope'
init new.yaml --yes --questions nowhere                    | nowhere
init new.yaml --yes --questions folder                     | folder
init new.yaml --yes --model                                | --model needs a value
init new.yaml --nope                                       | --nope
doctor nope                                                | 'nope' is no option
doctor --recipe nope                                       | there is no recipe 'nope'
doctor --recipe bad.yaml                                   | bad.yaml is not YAML
diff                                                       | needs two runs
diff run                                                   | needs two runs
diff run nowhere                                           | nowhere holds no run
diff run damaged                                           | field 'steps' is missing
diff run run --pair x                                      | --pair needs STEP=STEP
diff run run --pair x=y                                    | x is no step
recipe nope                                                | list, show and check
recipe show                                                | list, show and check
recipe check bad.yaml                                      | bad.yaml is not YAML
step                                                       | needs a run and a step
step run                                                   | needs a run and a step
step run nothing                                           | nothing
step nowhere sft                                           | nowhere holds no run
explain                                                    | Missing
explain x --rule nope                                      | 'nope'
explain x --rule letter --options 99                       | --options needs
calibrate outcome --labels mine.csv                        | --labels and --questions belong together
calibrate outcome --labels none.jsonl --questions mine.csv | none.jsonl: no such file
calibrate outcome --count -5                               | --count -5
completion fish                                            | completion is for
completion bash extra                                      | got 'bash extra'
oracle                                                     | about the oracle
oracle serve --questions nowhere                           | nowhere holds no questions
oracle serve --questions run --port 99999                  | --port 99999
tiny --nope 1                                              | --run
smaple                                                     | 'smaple' is no command
"""
