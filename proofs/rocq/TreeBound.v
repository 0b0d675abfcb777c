(* global_lower_bound: one hidden layer, any continuous piecewise linear activation, scalar output, squared loss.
   A tree splits the regions of the units by signs and hyperplanes; a leaf names a vector g with
   sigma <g, H(ray)> <= 0 on all rays of the regions of all its units. Rays.v says why rays are enough. *)
Require Import Reals ZArith List Lra Lia Arith Bool Permutation.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Rays Homogeneous.
Import ListNotations.
Open Scope R_scope.

Section TreeBound.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation rm := (rm KR).
Variable shrink : list t -> list t.
Hypothesis shrink_ok : forall v, exists k, 0 < k /\ forall X, dot (rv (shrink v)) X = k * dot (rv v) X.

(* homog: h is positively homogeneous, and a unit is its weights w; otherwise it is (1, w) in the cone nu >= 0 *)
Variable homog : bool.
Variable h : act t.
Variable bh : bool.
Variable D : list (list t * list t).
Variable G : list (list t).
Variable extra : list (list t).   (* further planes to split by, after those of samples and breakpoints *)

(* ---- the arrangement ---- *)
Definition z_form (x : list t) : list t := if homog then extT K bh x else z0 :: extT K bh x.
Definition wall (x : list t) (b : t) : list t := if homog then extT K bh x else (z0 -! b) :: extT K bh x.
Definition planes : list (list t) := flat_map (fun d => map (fun p => wall (fst d) (fst (fst p))) (fst h)) D ++ extra.
(* each plane once; a plane has many equations *)
Fixpoint negative (v : list t) : bool := match v with [] => false | a :: v' => if is0 K a then negative v' else leb K a z0 end.
Definition normal (P : list t) : list t := let P' := shrink P in if negative P' then opposite K P' else P'.
Definition same_vec (u v : list t) : bool := all2 (fun a b => leb K a b && leb K b a) u v.
Fixpoint distinct (A : list (list t)) : list (list t) :=
  match A with
  | [] => []
  | P :: A' => let L := distinct A' in if forallb (is0 K) P || existsb (same_vec P) L then L else P :: L
  end.
Definition arrangement (m : nat) : list (list t) := distinct (map normal (planes ++ identity_matrix K m)).

(* a search tree, to have each ray once *)
Inductive tree := Leaf | Node (l : tree) (v : list t) (r : tree).
Fixpoint compare (u v : list t) : comparison :=
  match u, v with
  | [], [] => Eq | [], _ => Lt | _, [] => Gt
  | a :: u', b :: v' => if leb K a b then (if leb K b a then compare u' v' else Lt) else Gt
  end.
Fixpoint add_to (v : list t) (s : tree) : tree :=
  match s with
  | Leaf => Node Leaf v Leaf
  | Node a w b => match compare v w with Eq => s | Lt => Node (add_to v a) w b | Gt => Node a w (add_to v b) end
  end.
Fixpoint elements (s : tree) (acc : list (list t)) : list (list t) :=
  match s with Leaf => acc | Node a v b => elements a (v :: elements b acc) end.
Definition once (L : list (list t)) : list (list t) := elements (fold_right add_to Leaf L) [].
Definition rays (m : nat) : list (list t) := once (rays_of K shrink (arrangement m) (identity_matrix K m)).

(* ---- regions of a unit: rays, each with the column H(ray), and the signs of the output weight ---- *)
Definition gen : Type := (list t * list t)%type.
Definition region : Type := (list gen * (bool * bool))%type.
Definition nuT (ray : list t) : t := if homog then z0 else hd z0 ray.
Definition column (ray : list t) : list t :=
  map (fun d => plin_coneT K (fst h) (snd h) (dotT K ray (z_form (fst d))) (nuT ray)) D.
Definition root (m : nat) : region :=
  (map (fun v => (v, column v)) (filter (fun v => homog || leb K z0 (hd z0 v)) (rays m)), (true, true)).
Definition keep (f : t -> bool) (P : list t) (gs : list gen) : list gen := filter (fun g : gen => f (dotT K (fst g) P)) gs.
(* by the sign (q = 0) or a plane of Ps; the lower side first. Both sides must be smaller. *)
Definition split (Ps : list (list t)) (q : nat) (R : region) : option (region * region) :=
  let '(gs, (plus, minus)) := R in
  match q with
  | O => if plus && minus && negb (length gs =? 0)%nat then Some ((gs, (false, minus)), (gs, (plus, false))) else None
  | S q' => match nth_error Ps q' with
      | None => None
      | Some P => let low := keep (fun s => leb K s z0) P gs in let high := keep (leb K z0) P gs in
          if (length low <? length gs)%nat && (length high <? length gs)%nat
          then Some ((low, (plus, minus)), (high, (plus, minus))) else None
      end
  end.
Definition admits (g : list t) (R : region) : bool :=
  let '(gs, (plus, minus)) := R in
  forallb (fun q : gen => let s := dotT K g (snd q) in (negb plus || leb K s z0) && (negb minus || leb K z0 s)) gs.
Definition same_region (R R' : region) : bool :=
  Bool.eqb (fst (snd R)) (fst (snd R')) && Bool.eqb (snd (snd R)) (snd (snd R')) && all2 (fun g g' : gen => same_vec (fst g) (fst g')) (fst R) (fst R').
(* the first k regions equal to R become `high`, the others `low` *)
Fixpoint place (k : nat) (R low high : region) (st : list region) : list region :=
  match st with
  | [] => []
  | X :: st' => if same_region X R then (match k with O => low :: place O R low high st' | S k' => high :: place k' R low high st' end)
                else X :: place k R low high st'
  end.
Fixpoint copies (R : region) (st : list region) : nat :=
  match st with [] => O | X :: st' => if same_region X R then S (copies R st') else copies R st' end.

(* the tree in preorder: e >= 0 is a leaf with vector e; -1 - e = j base + q splits unit j; what is left over. base: 1 + planes *)
Fixpoint walk (Ps : list (list t)) (base : Z) (fuel : nat) (code : list Z) (st : list region) : option (list Z) :=
  match fuel, code with
  | S fuel', e :: code' =>
      if (0 <=? e)%Z then
        match nth_error G (Z.to_nat e) with
        | Some g => if forallb (admits g) st then Some code' else None
        | None => None
        end
      else
        let '(j, q) := Z.div_eucl (-1 - e) base in
        match nth_error st (Z.to_nat j) with
        | None => None
        | Some R => match split Ps (Z.to_nat q) R with
            | None => None
            | Some (low, high) =>
                (fix each (ks : list nat) (code : list Z) : option (list Z) :=
                   match ks with
                   | [] => Some code
                   | k :: ks' => match walk Ps base fuel' code (place k R low high st) with None => None | Some code' => each ks' code' end
                   end) (seq 0 (S (copies R st))) code'
            end
        end
  | _, _ => None
  end.

Definition vector_ok (bo : bool) (g : list t) : bool := (negb bo || eqb K (sumT K (fun x => x) g) z0) && (length g =? length D)%nat.
Definition homog_ok : bool :=
  negb homog || forallb (fun p : t * t * t => is0 K (fst (fst p)) && is0 K (snd p)) (fst h) && is0 K (snd (snd h)).
(* n: the number of weights of a unit, its bias included; units: how many the tree begins with. Where they are fewer than
   the network's they must be as many as samples: their contributions are vectors of that length. *)
Definition check_tree (code : list Z) (units width n : nat) (bo : bool) : bool :=
  joinedT K (fst h) (snd h) && homog_ok &&
  ((units =? width)%nat || (length D <=? units)%nat && (units <=? width)%nat) && forallb (vector_ok bo) G &&
  let Ps := planes in
  match walk Ps (Z.of_nat (S (length Ps))) (length code) code (repeat (root (if homog then n else S n)) units) with Some [] => true | _ => false end.

(* ---- soundness: the arrangement ---- *)
Lemma same_vec_ok : forall u v, same_vec u v = true -> rv u = rv v.
Proof.
  unfold same_vec. induction u as [|a u IH]; intros [|b v] H; simpl in *; try discriminate; auto.
  apply andb_prop in H. destruct H as [H1 H2]. apply andb_prop in H1. destruct H1 as [A B]. apply (leb_ok KR) in A, B. f_equal; auto. lra.
Qed.
Lemma normal_ok P : exists k, k <> 0 /\ forall X, dot (rv (normal P)) X = k * dot (rv P) X.
Proof.
  unfold normal. destruct (shrink_ok P) as (k & Hk & H). destruct (negative (shrink P)).
  - exists (- k). split; [lra|]. intros X. rewrite (opposite_ok K KR), H. ring.
  - exists k. split; [lra|auto].
Qed.
Lemma distinct_ok P : forall A, In P A -> (forall X, dot (rv P) X = 0) \/ exists P', In P' (distinct A) /\ rv P' = rv P.
Proof.
  induction A as [|Q A IH]; intros []; cbn [distinct].
  - subst Q. destruct (forallb (is0 K) P) eqn:Z; simpl.
    + left. clear - Z. induction P as [|a P IH]; intros [|x X]; simpl in *; auto. apply andb_prop in Z. destruct Z as [Z1 Z2].
      apply (is0_ok K KR) in Z1. rewrite Z1, IH; auto. ring.
    + right. destruct (existsb _ _) eqn:E; [|exists P; split; [left|]; auto]. apply existsb_exists in E. destruct E as (P' & I & E). exists P'. split; auto.
      symmetry. apply same_vec_ok. auto.
  - destruct (IH H) as [Z|(P' & I & E)]; auto. right. exists P'. split; auto. destruct (_ || _); auto. right; auto.
Qed.
Lemma dot_comm : forall u v, dot u v = dot v u.
Proof. induction u; intros [|b v]; simpl; auto. rewrite IHu. ring. Qed.
Lemma conformal_planes m w g : conformal (rm (arrangement m)) (dot w) (dot g) -> conformal (rm (planes ++ identity_matrix K m)) (dot w) (dot g).
Proof.
  intros C P HP. apply (in_rm K KR) in HP. destruct HP as (P' & HP & ->). destruct (normal_ok P') as (k & Hk & N).
  destruct (distinct_ok (normal P') (map normal (planes ++ identity_matrix K m)) (in_map _ _ _ HP)) as [Z|(Q & HQ & E)].
  - assert (forall X, dot (rv P') X = 0). { intros X. specialize (Z X). rewrite N in Z. apply Rmult_integral in Z. destruct Z; [contradiction|auto]. }
    rewrite (dot_comm w), (dot_comm g), !H. split; intros; lra.
  - destruct (C (rv Q)) as [C1 C2]; [unfold InteriorCheck.rm; apply in_map; auto|]. rewrite E in C1, C2.
    rewrite (dot_comm w), (dot_comm g) in *. rewrite !N in *. split.
    + assert (0 < k * k) by nra. apply Rmult_le_reg_l with (k * k); auto. lra.
    + intros Z. rewrite Z in C2. assert (k * dot (rv P') g = 0) by (apply C2; ring). apply Rmult_integral in H. destruct H; [contradiction|auto].
Qed.
Lemma compare_ok : forall u v, compare u v = Eq -> rv u = rv v.
Proof.
  induction u as [|a u IH]; intros [|b v] H; simpl in *; try discriminate; auto.
  destruct (leb K a b) eqn:A; [|discriminate]. destruct (leb K b a) eqn:B; [|discriminate]. apply (leb_ok KR) in A, B. f_equal; auto. lra.
Qed.
Lemma elements_acc : forall s acc v, In v acc \/ In v (elements s []) <-> In v (elements s acc).
Proof.
  induction s as [|a IHa w b IHb]; intros acc v; simpl; [tauto|]. rewrite <- (IHa (w :: elements b acc)), <- (IHa (w :: elements b [])). simpl.
  rewrite <- (IHb acc). tauto.
Qed.
Lemma add_to_keeps v w : forall s, In w (elements s []) -> In w (elements (add_to v s) []).
Proof.
  induction s as [|a IHa x b IHb]; simpl; [intros []|]. rewrite <- elements_acc. intros H.
  destruct (compare v x); simpl; rewrite <- elements_acc; simpl in *; tauto.
Qed.
Lemma add_to_adds v : forall s, exists w, In w (elements (add_to v s) []) /\ rv w = rv v.
Proof.
  induction s as [|a (wa & Ia & Ea) x b (wb & Ib & Eb)]; simpl; [exists v; simpl; auto|]. destruct (compare v x) eqn:E; simpl.
  - exists x. split; [rewrite <- elements_acc; simpl; auto|]. symmetry. apply compare_ok; auto.
  - exists wa. split; auto. rewrite <- elements_acc. auto.
  - exists wb. split; auto. rewrite <- elements_acc. simpl. auto.
Qed.
Lemma once_ok L : forall v, In v L -> exists w, In w (once L) /\ rv w = rv v.
Proof.
  unfold once. induction L as [|u L IH]; intros v []; simpl.
  - subst. apply add_to_adds.
  - destruct (IH v H) as (w & I & E). exists w. split; auto. apply add_to_keeps. auto.
Qed.

(* ---- units of a real network ---- *)
Record real_unit := { weight : R; parts : list R; at_rays : list (list R) }.
Definition nu (ray : list R) : R := if homog then 0 else dot ray [1].
Definition entry (d : list t * list t) (ray : list R) : R := plin_cone (raps K KR (fst h)) (rlast K KR (snd h)) (dot ray (rv (z_form (fst d)))) (nu ray).
Definition columnR (ray : list R) : list R := map (fun d => entry d ray) D.
Definition pull (g : list t) (u : real_unit) : R := weight u * wsum (parts u) (map (fun ray => dot (rv g) (columnR ray)) (at_rays u)).
Definition fits (u : real_unit) (R : region) : Prop :=
  (fst (snd R) = true /\ 0 <= weight u \/ snd (snd R) = true /\ weight u <= 0) /\
  forall ray, In ray (at_rays u) -> In ray (map (fun g : gen => rv (fst g)) (fst R)).
Definition cosided (u : real_unit) : Prop :=
  forall P, In P planes -> (forall ray, In ray (at_rays u) -> 0 <= dot ray (rv P)) \/ (forall ray, In ray (at_rays u) -> dot ray (rv P) <= 0).
Definition made (R : region) : Prop := forall g, In g (fst R) -> rv (snd g) = columnR (rv (fst g)).
Definition sound (u : real_unit) : Prop := Forall (fun k => 0 <= k) (parts u) /\ cosided u.

Lemma dot_nil u : dot u [] = 0.
Proof. destruct u; auto. Qed.
Lemma nuT_ok ray : r (nuT ray) = nu (rv ray).
Proof. unfold nuT, nu. destruct homog; [apply toR_zero|]. destruct ray as [|a ray]; simpl; [rewrite toR_zero; auto|]. rewrite dot_nil. ring. Qed.
Lemma column_ok ray : rv (column ray) = columnR (rv ray).
Proof.
  unfold column, columnR, InteriorCheck.rv at 1. rewrite map_map. apply map_ext. intros d. unfold entry. rewrite (plin_coneT_ok K KR), dotT_ok, nuT_ok. reflexivity.
Qed.
Lemma same_region_ok X R u : same_region X R = true -> fits u X -> fits u R.
Proof.
  unfold same_region. intros H [F1 F2]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply Bool.eqb_prop in H1, H2. split; [rewrite <- H1, <- H2; auto|]. intros ray Hr. specialize (F2 ray Hr).
  replace (map (fun g : gen => rv (fst g)) (fst R)) with (map (fun g : gen => rv (fst g)) (fst X)); auto.
  clear - H3. revert H3. generalize (fst X) (fst R). induction l as [|a l IH]; intros [|b l'] H; simpl in *; try discriminate; auto.
  apply andb_prop in H. destruct H as [A B]. f_equal; auto. apply same_vec_ok; auto.
Qed.

Lemma split_fits u q R low high : split planes q R = Some (low, high) -> cosided u -> fits u R -> fits u low \/ fits u high.
Proof.
  destruct R as [gs [plus minus]]. unfold split. intros H C [F1 F2]. cbn [fst snd] in *. destruct q as [|q].
  - destruct (_ && _); [|discriminate]. inversion H; subst. destruct F1 as [[A B]|[A B]]; [right|left]; split; cbn [fst snd]; auto.
  - destruct (nth_error planes q) as [P|] eqn:E; [|discriminate]. destruct (_ && _); [|discriminate]. inversion H; subst.
    apply nth_error_In in E. destruct (C P E) as [S|S]; [right|left]; (split; cbn [fst snd]; [exact F1|]); intros ray Hr;
      assert (Q := F2 ray Hr); apply in_map_iff in Q; destruct Q as (g & Eg & Hg); subst ray; apply in_map_iff; exists g; (split; [auto|]);
      unfold keep; apply filter_In; (split; [auto|]); apply (leb_ok KR); rewrite toR_zero, dotT_ok; auto.
Qed.
Lemma split_made q R low high : split planes q R = Some (low, high) -> made R -> made low /\ made high.
Proof.
  destruct R as [gs [plus minus]]. unfold split, made. cbn [fst snd]. intros H M. destruct q as [|q].
  - destruct (_ && _); [|discriminate]. inversion H; subst. auto.
  - destruct (nth_error planes q) as [P|]; [|discriminate]. destruct (_ && _); [|discriminate]. inversion H; subst. cbn [fst snd].
    split; intros g Hg; unfold keep in Hg; apply filter_In in Hg; apply M; tauto.
Qed.
Lemma admits_ok g R u : admits g R = true -> made R -> fits u R -> Forall (fun k => 0 <= k) (parts u) -> pull g u <= 0.
Proof.
  destruct R as [gs [plus minus]]. unfold admits, made, fits, pull. cbn [fst snd]. rewrite forallb_forall. intros H M [F1 F2] FK.
  assert (X : forall ray, In ray (at_rays u) -> exists q, In q gs /\ dot (rv g) (columnR ray) = r (dotT K g (snd q))).
  { intros ray Hr. specialize (F2 ray Hr). apply in_map_iff in F2. destruct F2 as (q & <- & Hq). exists q. split; auto. rewrite dotT_ok, M; auto. }
  destruct F1 as [[A B]|[A B]]; subst.
  - cut (wsum (parts u) (map (fun ray => dot (rv g) (columnR ray)) (at_rays u)) <= 0); [intros; nra|]. apply wsum_le0; auto.
    apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as (ray & <- & Hr). destruct (X ray Hr) as (q & Hq & ->).
    specialize (H q Hq). apply andb_prop in H. destruct H as [H _]. apply (leb_ok KR) in H. rewrite toR_zero in H. auto.
  - cut (0 <= wsum (parts u) (map (fun ray => dot (rv g) (columnR ray)) (at_rays u))); [intros; nra|]. apply wsum_ge0; auto.
    apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as (ray & <- & Hr). destruct (X ray Hr) as (q & Hq & ->).
    specialize (H q Hq). apply andb_prop in H. destruct H as [_ H]. apply (leb_ok KR) in H. rewrite toR_zero in H. auto.
Qed.

(* ---- units of equal regions can be exchanged: only how many are on the higher side matters ---- *)
Section Place.
Variables R low high : region.
Lemma demote u : fits u low -> forall st k us, Forall2 fits us (place (S k) R low high st) -> (S k <= copies R st)%nat ->
  exists u' us', Permutation (u :: us) (u' :: us') /\ fits u' high /\ Forall2 fits us' (place k R low high st).
Proof.
  intros FU. induction st as [|X st IH]; intros k us F L; [simpl in L; lia|]. cbn [place copies] in *. destruct (same_region X R).
  - inversion F as [|u0 ? us0 ? F1 F2]; subst. destruct k as [|k].
    + exists u0, (u :: us0). split; [apply perm_swap|]. split; auto.
    + destruct (IH k us0 F2) as (u' & us' & P & H1 & H2); [lia|]. exists u', (u0 :: us'). split; [|split; auto].
      apply Permutation_trans with (u0 :: u :: us0); [apply perm_swap|]. apply Permutation_trans with (u0 :: u' :: us'); [auto|apply perm_swap].
  - inversion F as [|u0 ? us0 ? F1 F2]; subst. destruct (IH k us0 F2 L) as (u' & us' & P & H1 & H2). exists u', (u0 :: us'). split; [|split; auto].
    apply Permutation_trans with (u0 :: u :: us0); [apply perm_swap|]. apply Permutation_trans with (u0 :: u' :: us'); [auto|apply perm_swap].
Qed.
Hypothesis halves : forall u, sound u -> fits u R -> fits u low \/ fits u high.
Lemma place_fits : forall st us, Forall2 fits us st -> Forall sound us ->
  exists k us', (k <= copies R st)%nat /\ Permutation us us' /\ Forall2 fits us' (place k R low high st).
Proof.
  induction st as [|X st IH]; intros us F S; inversion F as [|u ? us0 ? F1 F2]; subst.
  - exists 0%nat, []. repeat split; auto.
  - inversion S; subst. destruct (IH us0 F2 H2) as (k & us' & L & P & H). cbn [place copies]. destruct (same_region X R) eqn:E.
    + destruct (halves u H1 (same_region_ok X R u E F1)) as [A|A].
      * destruct k as [|k]; [exists 0%nat, (u :: us'); split; [lia|split; [auto|constructor; auto]]|].
        destruct (demote u A st k us' H L) as (u' & us2 & P2 & B1 & B2). exists (Datatypes.S k), (u' :: us2). split; [lia|]. split; [|constructor; auto].
        apply Permutation_trans with (2 := P2). auto.
      * exists (Datatypes.S k), (u :: us'). split; [lia|]. split; [auto|]. constructor; auto.
    + exists k, (u :: us'). split; [auto|]. split; [auto|]. constructor; auto.
Qed.
End Place.
Lemma place_made R low high k st : Forall made st -> made low -> made high -> Forall made (place k R low high st).
Proof.
  intros H HL HH. revert k. induction H; intros k; cbn [place]; [constructor|]. destruct (same_region x R); [destruct k|]; constructor; auto.
Qed.

Lemma walk_ok base : forall fuel code st rest us, walk planes base fuel code st = Some rest -> Forall made st -> Forall2 fits us st -> Forall sound us ->
  exists g, In g G /\ forall u, In u us -> pull g u <= 0.
Proof.
  induction fuel as [|fuel IH]; intros [|e code] st rest us W M F S; cbn [walk] in W; try discriminate. destruct (0 <=? e)%Z.
  - destruct (nth_error G (Z.to_nat e)) as [g|] eqn:E; [|discriminate]. destruct (forallb (admits g) st) eqn:A; [|discriminate].
    apply nth_error_In in E. exists g. split; auto. clear - A M F S. induction F as [|u R us st F1 F2 IHF]; intros u' []; simpl in A; apply andb_prop in A; inversion M as [|? ? M1 M2]; inversion S as [|? ? S1 S2]; subst.
    + apply (admits_ok g R); [tauto|auto|auto|]. apply S1.
    + apply IHF; tauto.
  - destruct (Z.div_eucl _ _) as [j q]. destruct (nth_error st (Z.to_nat j)) as [R|] eqn:E; [|discriminate].
    destruct (split planes (Z.to_nat q) R) as [[low high]|] eqn:ES; [|discriminate].
    assert (MR : made R) by (rewrite Forall_forall in M; apply M; eapply nth_error_In; eauto). destruct (split_made _ _ _ _ ES MR) as [ML MH].
    destruct (place_fits R low high (fun u Su Fu => split_fits u _ R low high ES (proj2 Su) Fu) st us F S) as (k & us' & L & P & H).
    assert (X : exists code1 code2, walk planes base fuel code1 (place k R low high st) = Some code2).
    { assert (IK : In k (seq 0 (Datatypes.S (copies R st)))) by (apply in_seq; lia). revert W IK. generalize (seq 0 (Datatypes.S (copies R st))). clear. intros ks. revert code.
      induction ks as [|k' ks IHk]; intros code W []; destruct (walk planes base fuel code (place k' R low high st)) as [c|] eqn:E; try discriminate; eauto. subst. eauto. }
    destruct X as (code1 & code2 & X). destruct (IH _ _ _ us' X (place_made R low high k st M ML MH) H) as (g & Hg & Q).
    { rewrite Forall_forall in *. intros u Hu. apply S. eapply Permutation_in; [apply Permutation_sym; eauto|auto]. }
    exists g. split; auto. intros u Hu. apply Q. eapply Permutation_in; eauto.
Qed.

(* ---- a unit of the network as a real unit ---- *)
Lemma unit_exists v row m : length row = m -> joinedT K (fst h) (snd h) = true -> homog_ok = true ->
  exists u, sound u /\ fits u (root (if homog then m else S m)) /\ weight u = v /\
    (homog = false -> wsum (parts u) (map nu (at_rays u)) = 1) /\
    forall g, pull g u = v * dot (rv g) (map (fun d => ev (ra KR h) (dot row (ext bh (rv (fst d))))) D).
Proof.
  intros L J HO. set (U := if homog then row else 1 :: row). set (mm := if homog then m else S m).
  assert (LU : length U = mm) by (unfold U, mm; destruct homog; simpl; lia). set (I := identity_matrix K mm).
  assert (FR : full_rank (rm (arrangement mm)) (rm I)).
  { intros ls LL Z. apply (identity_full K KR mm (rm (planes ++ I))); auto.
    - intros P HP. unfold InteriorCheck.rm. apply in_map. apply in_or_app. auto.
    - intros P HP. apply (in_rm K KR) in HP. destruct HP as (P' & HP & ->). destruct (normal_ok P') as (k & Hk & N).
      assert (LD : forall X, dsum ls (rm I) X = dot ls X).
      { intros X. unfold I in *. rewrite (rm_length K KR), (identity_length K) in LL. rewrite <- LL. apply (identity_dsum K KR). }
      rewrite LD. destruct (distinct_ok (normal P') (map normal (planes ++ I)) (in_map _ _ _ HP)) as [Z0|(Q & HQ & E)].
      + specialize (Z0 ls). rewrite N in Z0. rewrite dot_comm. apply Rmult_integral in Z0. destruct Z0; [contradiction|auto].
      + specialize (Z (rv Q)). rewrite LD in Z. assert (Z' : dot ls (rv Q) = 0) by (apply Z; unfold InteriorCheck.rm; apply in_map; auto).
        rewrite E, dot_comm, N in Z'. rewrite dot_comm. apply Rmult_integral in Z'. destruct Z'; [contradiction|auto]. }
  destruct (decomposition K KR shrink shrink_ok (arrangement mm) I (identity_indep K KR mm) FR U) as (ks & rs & LK & FK & E & HR).
  { unfold I. rewrite (identity_length K). auto. }
  assert (EU : forall X, dot U X = dsum ks (rm rs) X).
  { intros X. rewrite <- E. unfold I. rewrite <- LU. symmetry. apply (identity_dsum K KR). }
  assert (HC : forall b, In b rs -> conformal (rm (planes ++ I)) (dot U) (dot (rv b))).
  { intros b Hb. destruct (HR b Hb) as [_ C]. apply conformal_planes. intros P HP. destruct (C P HP) as [C1 C2].
    replace (dot U P) with (dsum U (rm I) P); auto. unfold I. rewrite <- LU. apply (identity_dsum K KR). }
  assert (NU : homog = false -> forall b, In b rs -> 0 <= dot (rv b) [1]).
  { intros HH b Hb. assert (IE : In (one K :: repeat z0 m) I) by (unfold I, mm; rewrite HH; simpl; auto).
    destruct (HC b Hb (rv (one K :: repeat z0 m))) as [C1 _]; [unfold InteriorCheck.rm; apply in_map, in_or_app; auto|].
    assert (Y : forall a w, dot (a :: w) (rv (one K :: repeat z0 m)) = a).
    { intros a w. simpl. rewrite (rv_repeat0 K KR), toR_one, dot_comm, dot_rep0. ring. }
    unfold U in C1. rewrite HH in C1. rewrite Y in C1. destruct (rv b) as [|a w]; [simpl; lra|]. rewrite Y in C1. simpl. rewrite dot_nil. lra. }
  assert (SW : forall X, dsum ks (rm rs) X = wsum ks (map (fun ray => dot ray X) (rm rs))).
  { intros X. clear. revert ks. induction rs as [|b rs IH]; intros [|k ks]; simpl; auto. fold (rm rs). rewrite IH. auto. }
  assert (VS : wsum ks (map nu (rm rs)) = if homog then 0 else 1).
  { unfold nu. destruct homog eqn:HH.
    - clear. revert ks. induction (rm rs) as [|b l IH]; intros [|k ks]; simpl; auto. rewrite IH. ring.
    - rewrite <- SW, <- EU. unfold U. simpl. rewrite dot_nil. ring. }
  exists {| weight := v; parts := ks; at_rays := rm rs |}. split; [split; [exact FK|]|split; [|split; [auto|split; [intros HH; cbn [parts at_rays]; rewrite VS, HH; auto|]]]].
  - intros P HP. cbn [at_rays]. assert (IP : In (rv P) (rm (planes ++ I))) by (unfold InteriorCheck.rm; apply in_map, in_or_app; auto).
    destruct (Rle_dec 0 (dot U (rv P))) as [S|S]; [left|right]; intros ray Hr; apply (in_rm K KR) in Hr; destruct Hr as (b & Hb & ->); destruct (HC b Hb _ IP) as [C1 C2].
    + destruct (Req_EM_T (dot U (rv P)) 0) as [Z|Z]; [rewrite C2; lra|]. nra.
    + nra.
  - split; [cbn [root fst snd weight]; destruct (Rle_dec 0 v); [left|right]; split; auto; lra|]. cbn [at_rays root fst]. intros ray Hr.
    apply (in_rm K KR) in Hr. destruct Hr as (b & Hb & ->). destruct (HR b Hb) as [IR _].
    destruct (once_ok _ b IR) as (w & Iw & Ew). rewrite <- Ew. apply in_map_iff. exists (w, column w). split; [auto|]. apply in_map_iff. exists w. split; auto.
    apply filter_In. split; [exact Iw|]. destruct homog eqn:HH; auto. simpl. apply (leb_ok KR). rewrite toR_zero. specialize (NU eq_refl b Hb). rewrite <- Ew in NU.
    destruct w as [|a w]; simpl in *; [rewrite toR_zero; lra|]. rewrite dot_nil in NU. lra.
  - intros g. unfold pull. cbn [weight parts at_rays]. f_equal.
    assert (ENT : forall d, In d D -> ev (ra KR h) (dot row (ext bh (rv (fst d)))) = wsum ks (map (entry d) (rm rs))).
    { intros d Hd. assert (ZU : dot U (rv (z_form (fst d))) = dot row (ext bh (rv (fst d)))).
      { unfold U, z_form. destruct homog; simpl; rewrite ?extT_ok, ?toR_zero; [auto|ring]. }
      assert (ZS : dot row (ext bh (rv (fst d))) = wsum ks (map (fun ray => dot ray (rv (z_form (fst d)))) (rm rs))) by (rewrite <- ZU, EU, SW; auto).
      unfold entry. rewrite <- (plin_cone_sum (fun ray => dot ray (rv (z_form (fst d)))) nu ks (rm rs)).
      - rewrite <- ZS, VS. unfold ev, ra. cbn [fst snd]. fold (raps K KR (fst h)). destruct homog eqn:HH.
        + unfold homog_ok in HO. rewrite HH in HO. simpl in HO. apply andb_prop in HO. destruct HO as [H1 H2]. apply (is0_ok K KR) in H2.
          unfold rlast. rewrite H2. clear - H1. induction (fst h) as [|[[a s] o] ps IH]; simpl in *; [ring|].
          apply andb_prop in H1. destruct H1 as [A B]. apply andb_prop in A. destruct A as [A1 A2]. apply (is0_ok K KR) in A1, A2. rewrite A1, A2, Rmult_0_r, IH; auto.
        + rewrite plin_cone_1. reflexivity.
      - apply joinedT_ok; auto.
      - intros ray Hr. apply (in_rm K KR) in Hr. destruct Hr as (b & Hb & ->). unfold nu. destruct homog eqn:HH; [lra|auto].
      - intros b s o Hin ray Hr. apply (in_rm K KR) in Hr. destruct Hr as (q & Hq & ->). rewrite <- ZS, VS.
        unfold raps in Hin. apply in_map_iff in Hin. destruct Hin as (p & Ep & Hp). inversion Ep; subst.
        assert (IW : In (rv (wall (fst d) (fst (fst p)))) (rm (planes ++ I))).
        { unfold InteriorCheck.rm. apply in_map, in_or_app. left. unfold planes. apply in_or_app. left. apply in_flat_map. exists d. split; auto. apply in_map_iff. exists p. auto. }
        destruct (HC q Hq _ IW) as [C1 C2].
        assert (WU : dot U (rv (wall (fst d) (fst (fst p)))) = dot row (ext bh (rv (fst d))) - r (fst (fst p)) * (if homog then 0 else 1)).
        { unfold U, wall. destruct homog; simpl; rewrite ?extT_ok, ?toR_sub, ?toR_zero; ring. }
        assert (WQ : dot (rv q) (rv (wall (fst d) (fst (fst p)))) = dot (rv q) (rv (z_form (fst d))) - r (fst (fst p)) * nu (rv q)).
        { unfold wall, z_form, nu. destruct homog; simpl; rewrite ?extT_ok; [ring|]. destruct (rv q) as [|a w]; simpl; rewrite ?toR_sub, ?toR_zero; [ring|]. rewrite ?dot_nil. ring. }
        rewrite WU, WQ in *. auto. }
    rewrite (map_ext_in _ _ D ENT). clear. revert ks. induction (rm rs) as [|ray l IH]; intros ks.
    + destruct ks; simpl; symmetry; (induction D as [|d D0 IH] in g |- *; [destruct (rv g); auto|destruct g; simpl; [auto|rewrite IH; ring]]).
    + destruct ks as [|k ks]; [simpl; symmetry; clear IH; (induction D as [|d D0 IH] in g |- *; [destruct (rv g); auto|destruct g; simpl; [auto|rewrite IH; ring]])|].
      simpl. rewrite IH. unfold columnR. clear. generalize (rv g). induction D as [|d D0 IH]; intros [|a G0]; simpl; try ring. rewrite <- IH. ring.
Qed.

(* ---- the bound ---- *)
Lemma dot_lin {I} (A B : I -> R) l : forall u F, dot u (map (fun f => l * A f + B f) F) = l * dot u (map A F) + dot u (map B F).
Proof. induction u; intros [|f F]; simpl; try ring. rewrite IHu. ring. Qed.

(* what a unit adds to the predictions, per unit of its output weight *)
Definition hidden (row : list R) : list R := map (fun d : list t * list t => ev (ra KR h) (dot row (ext bh (rv (fst d))))) D.
(* the signs that an output weight may have *)
Definition allowed (s : bool * bool) (v : R) : Prop := fst s = true /\ 0 <= v \/ snd s = true /\ v <= 0.
Definition roots (m : nat) (signs : list (bool * bool)) : list region := let R := root m in map (fun s => (fst R, s)) signs.
Lemma tree_units base code signs n : joinedT K (fst h) (snd h) = true -> homog_ok = true ->
  walk planes base (length code) code (roots (if homog then n else S n) signs) = Some [] ->
  forall S : list (R * list R), Forall2 (fun p s => allowed s (fst p)) S signs -> (forall p, In p S -> length (snd p) = n) ->
  exists g, In g G /\ sum (fun p => fst p * dot (hidden (snd p)) (rv g)) S <= 0.
Proof.
  intros J HO W S LS LR. set (m := if homog then n else Datatypes.S n) in *.
  assert (X : exists us, Forall2 fits us (roots m signs) /\ Forall sound us /\ forall g, (forall u, In u us -> pull g u <= 0) -> sum (fun p => fst p * dot (hidden (snd p)) (rv g)) S <= 0).
  { clear W. induction LS as [|[v row] s S signs A LS IH].
    - exists []. simpl. repeat split; auto. intros; lra.
    - destruct IH as (us & F & SU & H); [intros; apply LR; right; auto|].
      destruct (unit_exists v row n (LR (v, row) (or_introl eq_refl)) J HO) as (u & Su & Fu & Wu & _ & Pu).
      exists (u :: us). split; [unfold roots in *; cbv zeta; simpl; constructor; [split; [cbn [snd]; rewrite Wu; exact A|exact (proj2 Fu)]|exact F]|]. split; [constructor; auto|].
      intros g Hg. cbn [sum fst snd].
      assert (P1 := Hg u (or_introl eq_refl)). rewrite Pu in P1. fold (hidden row) in P1. rewrite (dot_comm (hidden row)).
      assert (sum (fun p => fst p * dot (hidden (snd p)) (rv g)) S <= 0) by (apply H; intros; apply Hg; right; auto). lra. }
  destruct X as (us & F & SU & H). destruct (walk_ok _ _ _ _ _ us W) as (g & Hg & Q); auto.
  - apply Forall_forall. intros R' HR. unfold roots in HR. cbv zeta in HR. apply in_map_iff in HR. destruct HR as (s & <- & _). unfold made, root. cbn [fst]. intros g Hg.
    apply in_map_iff in Hg. destruct Hg as (v & <- & _). cbn [fst snd]. apply column_ok.
  - exists g. auto.
Qed.
(* of any sign *)
Lemma free_roots m units : repeat (root m) units = roots m (repeat (true, true) units).
Proof. unfold roots. cbv zeta. induction units as [|k IH]; simpl; [auto|]. rewrite IH. reflexivity. Qed.
Lemma any_sign v : allowed (true, true) v.
Proof. unfold allowed. cbn [fst snd]. destruct (Rle_dec 0 v); [left|right]; split; auto; lra. Qed.
Lemma any_signs (S : list (R * list R)) : Forall2 (fun p s => allowed s (fst p)) S (repeat (true, true) (length S)).
Proof. induction S; simpl; constructor; auto. apply any_sign. Qed.

Definition act_out : act t := ([], (one K, z0)).
(* a network's predictions, from as many units as the tree begins with *)
Lemma few_units units width n (bo : bool) : ((units =? width)%nat || (length D <=? units)%nat && (units <=? width)%nat) = true -> forall (out : list R) (W : list (list R)),
    length out = ((if bo then 1 else 0) + width)%nat -> length W = width -> (forall row, In row W -> length row = n) ->
    exists (S1 : list (R * list R)) F, length S1 = units /\ (forall p, In p S1 -> length (snd p) = n) /\ (forall d, net (rN KR [(bo, act_out); (bh, h)]) [[out]; W] (rv (fst d)) = [F d]) /\
      forall g, vector_ok bo g = true -> dot (rv g) (map F D) = sum (fun p => fst p * dot (hidden (snd p)) (rv g)) S1.
Proof.
  intros C1 out W LO LW LR. set (vs := if bo then tl out else out). set (c0 := if bo then hd 0 out else 0).
  assert (Lv : length vs = length W) by (unfold vs; destruct bo; destruct out; simpl in *; lia).
  set (f := fun d : list t * list t => dot vs (map (fun row => ev (ra KR h) (dot row (ext bh (rv (fst d))))) W)).
  set (S0 := combine vs W).
  assert (LS0 : length S0 = width) by (unfold S0; rewrite combine_length; lia).
  assert (LR0 : forall p, In p S0 -> length (snd p) = n) by (intros [v row] Hp; apply in_combine_r in Hp; auto).
  assert (X : exists S1, length S1 = units /\ (forall p, In p S1 -> In (snd p) (map snd S0)) /\
    forall Y, sum (fun p => fst p * dot (hidden (snd p)) Y) S1 = sum (fun p => fst p * dot (hidden (snd p)) Y) S0).
  { apply orb_prop in C1. destruct C1 as [E|E].
    - apply Nat.eqb_eq in E. exists S0. split; [lia|]. split; auto. intros p Hp. apply in_map. auto.
    - apply andb_prop in E. destruct E as [E1 E2]. apply Nat.leb_le in E1, E2. apply (at_most (length D) hidden units E1 (width - units) S0); [|lia].
      intros p _. unfold hidden. apply map_length. }
  destruct X as (S1 & L1 & I1 & E1). set (F := fun d : list t * list t => c0 + f d). exists S1, F. split; [auto|]. split; [|split].
  - intros p Hp. specialize (I1 p Hp). apply in_map_iff in I1. destruct I1 as (q & <- & Hq). auto.
  - intros d. simpl. unfold layer. simpl. unfold ev at 1. simpl. f_equal. rewrite toR_one, toR_zero.
    unfold F, c0, f, vs. destruct bo; simpl; [destruct out; [simpl in LO; lia|simpl; ring]|ring].
  - intros g HV. apply andb_prop in HV. destruct HV as [HV V1]. apply Nat.eqb_eq in V1. rewrite E1.
    assert (SG : c0 * dot (rv g) (map (fun _ : list t * list t => 1) D) = 0).
    { unfold c0. destruct bo; [|ring]. simpl in HV. apply (eqb_ok KR) in HV. rewrite toR_zero, sumT_ok in HV.
      cut (dot (rv g) (map (fun _ : list t * list t => 1) D) = sum (fun x => r x) g); [intros ->; rewrite HV; ring|].
      revert V1. clear. revert D. induction g as [|x g0 IH]; intros [|d D0] Q; simpl in *; auto; try discriminate.
      rewrite IH by lia. ring. }
    unfold F. rewrite (map_ext _ (fun d => c0 * 1 + f d)) by (intros; ring). rewrite dot_lin, SG, Rplus_0_l.
    unfold f, S0, hidden. clear - Lv. revert Lv. generalize vs. clear vs.
    induction W as [|row W IH]; intros [|v vs] Lv; try discriminate.
    + cbn [combine sum dot]. clear. generalize (rv g). induction D as [|d D0 IH]; intros [|a g']; simpl; auto. rewrite IH. ring.
    + cbn [combine sum fst snd map dot]. rewrite dot_lin, IH by (simpl in Lv; lia). rewrite (dot_comm (rv g)). ring.
Qed.
Theorem check_tree_ok code units width n bo : check_tree code units width n bo = true ->
  forall (out : list R) (W : list (list R)),
    length out = ((if bo then 1 else 0) + width)%nat -> length W = width -> (forall row, In row W -> length row = n) ->
    exists g F, In g G /\ length g = length D /\ (forall d, net (rN KR [(bo, act_out); (bh, h)]) [[out]; W] (rv (fst d)) = [F d]) /\ dot (rv g) (map F D) <= 0.
Proof.
  unfold check_tree. intros HC out W LO LW LR. repeat (apply andb_prop in HC; let H := fresh "C" in destruct HC as [HC H]).
  rewrite forallb_forall in C0. cbv zeta in C; destruct (walk _ _ _ _ _) as [[|]|] eqn:EW; try discriminate.
  destruct (few_units units width n bo C1 out W LO LW LR) as (S1 & F & L1 & LR1 & NF & E).
  rewrite free_roots in EW. destruct (tree_units _ code _ n HC C2 EW S1 (eq_rect _ (fun k => Forall2 _ S1 (repeat (true, true) k)) (any_signs S1) _ L1) LR1) as (g & Hg & PG). exists g, F.
  split; [auto|]. split; [|split; [auto|rewrite E; auto]]. specialize (C0 g Hg). apply andb_prop in C0. apply Nat.eqb_eq, C0.
Qed.
End TreeBound.
